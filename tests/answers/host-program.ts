import type { ChildProcess } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { readFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import process from 'node:process';
import { setImmediate } from 'node:timers/promises';
import type { RuntimeBackend } from 'boxlite/backend';

const children = new Set<ChildProcess>();
subscribe('child_process', (message) => {
  const child: ChildProcess = Object(message).process;
  children.add(child);
  child.once('exit', () => children.delete(child));
});

const isHostOf = ({ spawnargs }: ChildProcess, homeDir: string): boolean =>
  spawnargs?.[1] === 'host' && spawnargs.includes(`${homeDir}/lock`);

/** The program that does what needs root for the runtime of a home directory, once it has said that it is ready. */
async function hostOf(homeDir: string): Promise<{ readonly child: ChildProcess; readonly channel: Socket }> {
  for (;;) {
    for (const child of children) {
      const channel = child.stdio?.[3];
      if (isHostOf(child, homeDir) && channel instanceof Socket && channel.bytesRead > 0 && !channel.destroyed)
        return { child, channel };
    }
    await setImmediate();
  }
}

/** Where the host program is. */
export interface HostSite {
  readonly homeDir: string;
  readonly backend: RuntimeBackend;
}

/** Stops a process for good: it does not even begin with what comes next. */
async function stop(pid: number): Promise<void> {
  process.kill(pid, 'SIGSTOP');
  while (!/^\d+ \(.*\) T/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))) await setImmediate();
}

/** Does something while the network process of a box is killed when it has been asked something, and has not answered. */
export async function withoutNetwork<T>(homeDir: string, box: string, work: () => Promise<T>): Promise<T> {
  const pid = Number(readFileSync(join(homeDir, 'boxes', box, 'network.json'), 'utf8').split(' ')[0]);
  await stop(pid);
  const { write } = Socket.prototype;
  const asked = Promise.withResolvers<void>();
  Socket.prototype.write = function (this: Socket, ...args: readonly unknown[]): boolean {
    if (`${args[0]}`.startsWith('events ')) asked.resolve();
    return Reflect.apply(write, this, args);
  };
  try {
    const done = work();
    await Promise.race([asked.promise, done]);
    process.kill(pid, 'SIGKILL');
    return await done;
  } finally {
    Socket.prototype.write = write;
  }
}

/** Does something while the host program is killed, as for want of memory, when it has been told what to do and has done nothing; those that come after it are killed at their start. */
export async function withoutHost<T>({ homeDir, backend }: HostSite, work: () => Promise<T>): Promise<T> {
  // One that was started again takes up first what the former had to undo.
  await backend.check();
  const { child, channel } = await hostOf(homeDir);
  await stop(child.pid ?? Number.NaN);
  const { write } = channel;
  const told = Promise.withResolvers<void>();
  channel.write = (...args: unknown[]): boolean => {
    told.resolve();
    return Reflect.apply(write, channel, args);
  };
  const end = (message: unknown): void => {
    const next: ChildProcess = Object(message).process;
    next.once('spawn', () => isHostOf(next, homeDir) && next.kill('SIGKILL'));
  };
  subscribe('child_process', end);
  try {
    const done = work();
    await Promise.race([told.promise, done]);
    child.kill('SIGKILL');
    return await done;
  } finally {
    unsubscribe('child_process', end);
    child.kill('SIGKILL');
  }
}
