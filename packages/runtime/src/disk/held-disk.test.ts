import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Boxlite } from 'boxlite';
import { expect, test } from 'vitest';

test('a disk whose mount something else still holds is snapshotted with all that was written, and starts at once', async () => {
  const homeDir = await mkdtemp(join(tmpdir(), 'boxlite-held-'));
  try {
    await using runtime = await Boxlite.local({ homeDir });
    const box = await runtime.create({ image: 'boxlite/base:latest', autoRemove: false, diskSizeGb: 1 });
    await box.start();
    // A copy of every mount, as another box has while it starts.
    const holder = spawn('unshare', ['-m', '--propagation', 'private', 'sh', '-c', 'echo; read x']);
    try {
      await once(holder.stdout, 'data');
      await box.run('sh', ['-c', 'head -c 20000000 /dev/zero | tr "\\0" x > /more; echo kept > /late']);
      await box.stop({ timeoutMs: 0 });
      await box.snapshots.create('held');
      expect((await box.run('sh', ['-c', 'cat /late; wc -c < /more; rm /late /more'])).stdout).toBe('kept\n20000000\n');
      await box.stop({ timeoutMs: 0 });
      await box.snapshots.restore('held');
    } finally {
      holder.stdin.end();
      await once(holder, 'exit');
    }
    expect((await box.run('sh', ['-c', 'cat /late; tr -d x < /more | wc -c; wc -c < /more'])).stdout).toBe(
      'kept\n0\n20000000\n',
    );
    await runtime.remove(box.id, { force: true });
  } finally {
    await rm(homeDir, { recursive: true, force: true });
  }
});
