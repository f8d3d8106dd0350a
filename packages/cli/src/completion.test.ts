import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { completionScript } from './completion.ts';
import { boxliteProgram } from './program.ts';

const script = completionScript(boxliteProgram('0'), 'bash');

/** What bash offers for a line whose last word is being written. */
function offered(...line: readonly string[]): readonly string[] {
  const asks = `${script}
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _boxlite; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const out = execFileSync('bash', ['--norc', '-uc', asks, 'bash', 'boxlite', ...line], { encoding: 'utf8' });
  return out.split('\n').filter((word) => word !== '');
}

test.each([
  [['ru'], ['run']],
  [['images', 'in'], ['inspect']],
  [['snapshot', 'cr'], ['create']],
  [
    ['--home', 'images', 'st'],
    ['start', 'stop', 'stats'],
  ],
  [['run', '--health-c'], ['--health-command']],
  [
    ['run', '--security', ''],
    ['development', 'standard', 'maximum'],
  ],
  [['ls', '--format', 'y'], ['yaml']],
  [['exec', 'box', 'ru'], []],
  [['run', '--name', ''], []],
  [['no-such-command', ''], []],
])('%j is completed by %j', (line, words) => {
  expect(offered(...line)).toEqual(words);
});

test('bash takes the script in every mode, and zsh is told how', () => {
  execFileSync('bash', ['--norc', '-euc', script]);
  const zsh = completionScript(boxliteProgram('0'), 'zsh');
  expect(zsh).toBe(`autoload -U +X bashcompinit && bashcompinit\n${script}`);
});
