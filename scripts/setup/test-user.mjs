import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { quietly, SetupError } from './step.mjs';

/** The ordinary user as whom a part of the tests runs. */
export const testUserName = 'boxlite-test';
const idsOfBox = 65_536;

/** That user, with subordinate ids that nobody else has. */
export const testUser = {
  name: `user ${testUserName}`,
  done: () => exists() && ranges('/etc/subuid').length > 0 && ranges('/etc/subgid').length > 0,
  async run() {
    if (process.getuid?.() !== 0) throw new SetupError('the tests make a user of their own; run them as root');
    if (!exists()) await quietly('useradd', ['--create-home', '--shell', '/bin/sh', testUserName]);
    for (const [file, option] of [
      ['/etc/subuid', '--add-subuids'],
      ['/etc/subgid', '--add-subgids'],
    ]) {
      if (ranges(file).length > 0) continue;
      const first = Math.max(100_000, ...lines(file).map(([, start, count]) => Number(start) + Number(count)));
      await quietly('usermod', [option, `${first}-${first + idsOfBox - 1}`, testUserName]);
    }
  },
};

function exists() {
  try {
    execFileSync('id', ['-u', testUserName], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function lines(file) {
  try {
    const text = readFileSync(file, 'utf8');
    return text.split('\n').flatMap((line) => (/^[^:]+:\d+:\d+$/.test(line) ? [line.split(':')] : []));
  } catch {
    return [];
  }
}

function ranges(file) {
  return lines(file).filter(([name, , count]) => name === testUserName && Number(count) >= idsOfBox);
}
