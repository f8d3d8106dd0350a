import * as fs from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { connectGuest } from './connect-guest.ts';
import { runGuestCommand } from './guest-command.ts';
import { startGuestProcess } from './guest-process.ts';

test('a path with a slash at its end is no file to write, whoever asks', async () => {
  await using guest = startGuestProcess();
  const channel = await connectGuest(guest.socketPath);
  const path = join(guest.folder, 'file');
  const { exitCode } = await runGuestCommand(channel, ['file-write', `${path}/`, '-', '1'], { builtin: true });
  expect([exitCode === 0, fs.existsSync(path)]).toEqual([false, false]);
  channel.close();
});

test('a directory has its mode from its beginning: by its name a program of the box could give it to another thing', async () => {
  await using guest = startGuestProcess();
  const channel = await connectGuest(guest.socketPath);
  const parent = join(guest.folder, 'parent');
  fs.mkdirSync(parent);
  const events: string[] = [];
  const seen = Promise.withResolvers<void>();
  const watcher = fs.watch(parent, (event, name) => {
    events.push(`${event} ${name}`);
    if (name === 'last') seen.resolve();
  });
  try {
    for (const mode of ['777', '1750']) {
      const path = join(parent, mode);
      const { exitCode } = await runGuestCommand(channel, ['file-mkdir', path, '0', mode], { builtin: true });
      expect([exitCode, (fs.statSync(path).mode & 0o7777).toString(8)]).toEqual([0, mode]);
    }
    fs.mkdirSync(join(parent, 'last'));
    await seen.promise;
    // A change is one of the mode: there is nothing else to change.
    expect(events).toEqual(['rename 777', 'rename 1750', 'rename last']);
  } finally {
    watcher.close();
    channel.close();
  }
});
