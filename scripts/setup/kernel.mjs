import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { command } from './host-packages.mjs';
import { quietly, SetupError } from './step.mjs';

const metaPackage = 'linux-image-cloud-amd64';
const wanted = [
  './boot/vmlinuz-*',
  // For boxes that are machines, and for a machine in which boxes are containers (tests/cgroup-v2).
  ...['drivers/virtio', 'drivers/block', 'drivers/char', 'fs/erofs', 'fs/overlayfs', 'lib'].map(ofModules),
  ...['fs/fuse', 'drivers/net', 'net/netfilter', 'net/ipv4', 'net/ipv6'].map(ofModules),
];

function ofModules(folder) {
  return `./lib/modules/*/kernel/${folder}/*`;
}

/** Debian's kernel for micro-VMs in .setup/kernel, unpacked and not installed. Only where it runs and apt has it. */
export const testKernel = {
  name: 'kernel for micro-VMs',
  done(root) {
    const modules = join(root, '.setup/kernel/lib/modules');
    const releases = existsSync(modules) ? readdirSync(modules) : [];
    const made = releases.some((release) => existsSync(join(modules, release, 'kernel/fs/fuse')));
    return made || process.arch !== 'x64' || !command('apt-get') || !command('dpkg-deb');
  },
  async run(root) {
    const target = join(root, '.setup/kernel');
    mkdirSync(join(root, '.setup'), { recursive: true });
    const draft = mkdtempSync(`${target}-`);
    try {
      const listed = execFileSync('apt-cache', ['depends', metaPackage], { encoding: 'utf8' });
      const name = /Depends: (linux-image-\S+)/.exec(listed)?.[1];
      if (!name) throw new SetupError(`apt knows no ${metaPackage}; run: sudo apt-get update`);
      await quietly('apt-get', ['download', '-o', 'APT::Sandbox::User=root', name], { cwd: draft });
      const archive = readdirSync(draft).find((file) => file.endsWith('.deb'));
      if (!archive) throw new SetupError(`apt-get download ${name} brought no package`);
      const tree = join(draft, 'tree');
      mkdirSync(tree);
      const script =
        'package=$1 tree=$2; shift 2; dpkg-deb --fsys-tarfile "$package" | tar -x -C "$tree" --wildcards "$@"';
      await quietly('sh', ['-c', script, 'sh', join(draft, archive), tree, ...wanted]);
      rmSync(target, { recursive: true, force: true });
      renameSync(tree, target);
    } finally {
      rmSync(draft, { recursive: true, force: true });
    }
  },
};
