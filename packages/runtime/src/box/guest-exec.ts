import type { ExecOptions } from 'boxlite/backend';
import type { GuestExec } from '../guest/channel.ts';
import type { BoxRecord } from '../store/box-records.ts';

const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** A command as the guest must know it: its own options over the box's over the image's. */
export function guestExec({ options: box, defaults }: BoxRecord, tag: string, options: ExecOptions): GuestExec {
  const { command, args = [], tty = false, size = { cols: 80, rows: 24 }, timeoutMs = 0 } = options;
  return {
    tag,
    argv: [command, ...args],
    env: { PATH: path, ...(tty && { TERM: 'xterm-256color' }), ...defaults.env, ...box.env, ...options.env },
    cwd: options.workingDir ?? box.workingDir ?? defaults.workingDir,
    user: options.user ?? box.user ?? defaults.user,
    tty,
    builtin: false,
    size,
    timeoutMs,
  };
}
