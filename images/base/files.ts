/** A file, or a directory where it has no content, of the base image; root's unless said. */
export interface BaseFile {
  readonly mode: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly content?: string;
}

const directory = (mode = 0o755): BaseFile => ({ mode });
const file = (content: string): BaseFile => ({ mode: 0o644, content });

/** Everything in the base image but busybox and its links, parents first. */
export const baseFiles: Readonly<Record<string, BaseFile>> = {
  './': directory(),
  'bin/': directory(),
  'dev/': directory(),
  'etc/': directory(),
  // The last three are where a runtime mounts its own.
  'etc/group': file('root:x:0:\nnogroup:x:65534:\nbox:x:1000:\n'),
  'etc/passwd': file(
    'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\nbox:x:1000:1000:box:/home/box:/bin/sh\n',
  ),
  'etc/shells': file('/bin/sh\n'),
  'etc/os-release': file('ID=boxlite-base\nNAME="BoxLite base"\nPRETTY_NAME="BoxLite base (busybox)"\n'),
  'etc/hostname': file(''),
  'etc/hosts': file('127.0.0.1 localhost\n::1 localhost\n'),
  'etc/resolv.conf': file(''),
  'home/': directory(),
  'home/box/': { mode: 0o755, uid: 1000, gid: 1000 },
  'mnt/': directory(),
  'opt/': directory(),
  'proc/': directory(0o555),
  'root/': directory(0o700),
  'run/': directory(),
  'sbin/': directory(),
  'srv/': directory(),
  'sys/': directory(0o555),
  'tmp/': directory(0o1777),
  'usr/': directory(),
  'usr/bin/': directory(),
  'usr/lib/': directory(),
  'usr/local/': directory(),
  'usr/local/bin/': directory(),
  'usr/local/sbin/': directory(),
  'usr/sbin/': directory(),
  'var/': directory(),
  'var/lib/': directory(),
  'var/log/': directory(),
  'var/tmp/': directory(0o1777),
  'workspace/': { mode: 0o755, uid: 1000, gid: 1000 },
};
