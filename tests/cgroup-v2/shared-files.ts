import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';

/** This host's files for one machine. */
export interface SharedFiles {
  readonly socket: string;
  close(): Promise<void>;
}

async function listening(program: ChildProcessByStdio<null, null, Readable>): Promise<void> {
  let said = '';
  await new Promise<void>((resolve, reject) => {
    program.once('exit', () => reject(new Error(`virtiofsd does not share this host's files: ${said}`)));
    // Read to its end: it must not find its pipe closed.
    program.stderr.on('data', (bytes: Buffer) => {
      said += String(bytes);
      if (said.includes('Waiting for vhost-user socket connection')) resolve();
    });
  });
}

/** Shares this host's files over a socket in `folder`; none of them can be written. */
export async function shareFiles(folder: string): Promise<SharedFiles> {
  const socket = `${folder}/files.sock`;
  // The root directory itself cannot be shared: what shares a directory makes it its own root.
  const script = 'mkdir "$0" && mount --rbind / "$0" && mount -o remount,bind,ro "$0" && exec "$@"';
  const share = [`--socket-path=${socket}`, '-o', `source=${folder}/host`, '-o', 'cache=always'];
  const argv = ['--mount', 'setpriv', '--pdeathsig', 'KILL', 'sh', '-c', script, `${folder}/host`];
  const program = spawn('unshare', [...argv, '/usr/lib/qemu/virtiofsd', ...share], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = once(program, 'exit');
  await listening(program);
  return {
    socket,
    async close() {
      program.kill();
      await ended;
    },
  };
}
