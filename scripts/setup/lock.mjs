import { createHash } from 'node:crypto';
import { createServer } from 'node:net';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { SetupError } from './step.mjs';

const waitLimitMs = 30 * 60_000;

/**
 * Runs `work` while no other set-up works on this clone.
 * The lock is an abstract socket: the kernel lets go of it when its holder dies, so that it is never stale.
 * @param {string} root
 * @param {() => Promise<void>} work
 */
export async function withLock(root, work) {
  const name = `\0boxlite-setup-${createHash('sha256').update(root).digest('hex').slice(0, 32)}`;
  const deadline = Date.now() + waitLimitMs;
  let server = await hold(name);
  if (!server) process.stderr.write('setup  waiting for another set-up of this clone …\n');
  while (!server) {
    if (Date.now() > deadline)
      throw new SetupError('another set-up of this clone has been at work for 30 minutes; end it');
    await delay(200);
    server = await hold(name);
  }
  try {
    await work();
  } finally {
    server.close();
  }
}

/** The lock, or null while another process has it. */
function hold(name) {
  return new Promise((resolve, reject) => {
    const server = createServer((connection) => connection.destroy());
    server.once('error', (error) => ('code' in error && error.code === 'EADDRINUSE' ? resolve(null) : reject(error)));
    server.listen(name, () => resolve(server.unref()));
  });
}
