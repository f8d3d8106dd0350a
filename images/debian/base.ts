import { folder, linkTo, type Tree, type TreeNode, textFile } from './tree.ts';

/** The packages of the layer that all images from Debian share. */
export const basePackages: readonly string[] = [
  'base-files',
  'base-passwd',
  'bash',
  'ca-certificates',
  'coreutils',
  'dash',
  'debianutils',
  'diffutils',
  'findutils',
  'grep',
  'gzip',
  'hostname',
  'libc-bin',
  'mawk',
  'ncurses-base',
  'ncurses-bin',
  'netbase',
  'procps',
  'sed',
  'tar',
  'tzdata',
  'usr-is-merged',
  'util-linux',
];

/** Packages that only scripts of other packages need, and none runs here. */
export const scriptPackages: ReadonlySet<string> = new Set([
  'debconf',
  'dpkg',
  'init-system-helpers',
  'libdebconfclient0',
  'sensible-utils',
  'ucf',
  'usr-is-merged',
]);

/** What is of no use in a box: documentation, translations, and what belongs to a package manager. */
export const useless: RegExp =
  /^(usr\/share\/(doc|man|info|lintian|locale|bug|doc-base|menu)\/|usr\/share\/i18n\/locales\/|etc\/(cron|init)\.)/;

/** Does what the packages' scripts would do and boxes need. */
export function finishBase(tree: Tree): void {
  const put = (node: TreeNode): void => void tree.set(node.entry.path, node);
  const read = (path: string): string => Buffer.from(tree.get(path)?.content ?? '').toString();
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) put(linkTo(name, `usr/${name}`));
  if (!tree.has('usr/bin/sh')) put(linkTo('usr/bin/sh', 'dash'));
  for (const name of ['awk', 'nawk']) put(linkTo(`usr/bin/${name}`, 'mawk'));
  if (!tree.has('usr/bin/which')) put(linkTo('usr/bin/which', 'which.debianutils'));
  put(
    textFile('etc/passwd', `${read('usr/share/base-passwd/passwd.master')}box:x:1000:1000:box:/home/box:/bin/bash\n`),
  );
  put(textFile('etc/group', `${read('usr/share/base-passwd/group.master')}box:x:1000:\n`));
  put(textFile('etc/nsswitch.conf', read('usr/share/libc-bin/nsswitch.conf')));
  put(textFile('etc/hosts', '127.0.0.1 localhost\n::1 localhost\n'));
  for (const name of ['hostname', 'resolv.conf']) put(textFile(`etc/${name}`, ''));
  put(linkTo('etc/localtime', '/usr/share/zoneinfo/Etc/UTC'));
  const certificates = [...tree.keys()].filter((path) => /^usr\/share\/ca-certificates\/.*\.crt$/.test(path)).sort();
  put(textFile('etc/ssl/certs/ca-certificates.crt', certificates.map(read).join('')));
  for (const path of ['home/box', 'workspace']) put(folder(path, { uid: 1000, gid: 1000 }));
  for (const path of ['media', 'mnt', 'opt', 'srv']) put(folder(path));
  for (const path of ['tmp', 'var/tmp']) put(folder(path, { mode: 0o1777 }));
}
