import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

/** Logs twelve lines of 100 characters, and one more for each line of its input. */
const program = `
const { openSync } = require('node:fs');
const { lineWriter } = require(process.argv[1]);
const writer = lineWriter(openSync(process.argv[2], 'a'), { onLost: (lines) => 'lost ' + lines + '\\n', everyMs: 5 });
for (let i = 0; i < 12; i++) writer.write('a line ' + i + ' '.repeat(90).slice(String(i).length) + 'ok\\n');
process.stdout.write('written');
process.stdin.on('data', (text) => writer.write(String(text)));
`;

test('after a full disk the next line is one of its own, and what was lost is counted', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'boxlite-lines-'));
  const path = join(folder, 'log');
  const limited = `trap '' XFSZ; ulimit -f 1; exec "$@"`;
  const child = spawn(
    'bash',
    ['-c', limited, 'bash', process.execPath, '-e', program, join(import.meta.dirname, 'line-writer.ts'), path],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  try {
    await once(child.stdout, 'data');
    // As much as there is room for, and so not to the end of a line.
    await expect.poll(() => readFileSync(path, 'utf8').length).toBe(1024);
    const before = readFileSync(path, 'utf8');
    truncateSync(path);
    child.stdin.write('after it ok\n');
    const log = (): string => before + readFileSync(path, 'utf8');
    await expect.poll(log).toContain('after it');
    await expect.poll(log).toContain('lost');
    const lines = log().trimEnd().split('\n');
    expect(lines.slice(0, 10).filter((line) => /^a line \d .*ok$/.test(line))).toHaveLength(10);
    // There is room again before the next line is there: what was lost may be told before it.
    const [torn, ...next] = lines.slice(10);
    expect(torn).not.toContain('ok');
    expect(next.toSorted()).toEqual(['after it ok', 'lost 2']);
  } finally {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
});
