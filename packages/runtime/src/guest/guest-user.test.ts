import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { connectGuest } from './connect-guest.ts';
import { runGuestCommand } from './guest-command.ts';
import { startGuestProcess } from './guest-process.ts';

test('a change of the users of a box counts from the next command on, however little it changes', async () => {
  await using guest = startGuestProcess();
  const channel = await connectGuest(guest.socketPath);
  const home = async (user: string): Promise<string> =>
    (await runGuestCommand(channel, ['sh', '-c', 'echo $HOME'], { user })).stdout.toString().trim();
  expect([await home(''), await home('root')]).toEqual(['/root', '/root']);
  const users = join(guest.folder, 'passwd');
  const write = (directory: string): void => writeFileSync(users, `root:x:0:0:root:${directory}:/bin/sh\n`);
  write('/var');
  // Only in the mount namespace of this guest.
  expect((await runGuestCommand(channel, ['mount', '--bind', users, '/etc/passwd'])).exitCode).toBe(0);
  for (const directory of ['/usr', '/etc', '/tmp', '/opt']) {
    write(directory);
    expect([await home(''), await home('root')]).toEqual([directory, directory]);
  }
  channel.close();
});
