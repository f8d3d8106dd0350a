import { readdir, stat } from 'node:fs/promises';
import { EngineError } from 'boxlite/backend';

/** A Linux kernel for micro-VMs. */
export interface Kernel {
  /** Such as 6.1.0-56-cloud-amd64. */
  readonly release: string;
  readonly image: string;
  /** What boxes need and the kernel has as a module, in the order to load them. */
  readonly modules: readonly string[];
}

// One that is not there is built in; if it is needed and missing, the machine ends before its guest answers.
const moduleNames = [
  ...['drivers/virtio/virtio_ring', 'drivers/virtio/virtio', 'drivers/virtio/virtio_mmio'],
  ...['drivers/block/virtio_blk', 'drivers/char/virtio_console'],
  ...['lib/libcrc32c', 'fs/erofs/erofs', 'fs/overlayfs/overlay'],
];

async function releasesIn(boot: string): Promise<readonly string[]> {
  const names = await readdir(boot).catch(() => []);
  const releases = names.filter((name) => name.startsWith('vmlinuz-')).map((name) => name.slice('vmlinuz-'.length));
  // Cloud kernels first: they are made for virtual machines. Then the newest.
  return releases.sort(
    (a, b) =>
      Number(b.includes('cloud')) - Number(a.includes('cloud')) || b.localeCompare(a, undefined, { numeric: true }),
  );
}

async function kernelAt(root: string): Promise<Kernel | undefined> {
  const [release] = await releasesIn(`${root}/boot`);
  if (release === undefined) return undefined;
  const candidates = moduleNames.map((name) => `${root}/lib/modules/${release}/kernel/${name}.ko`);
  const there = await Promise.all(candidates.map((path) => stat(path).catch(() => undefined)));
  return {
    release,
    image: `${root}/boot/vmlinuz-${release}`,
    modules: candidates.filter((_, index) => there[index] !== undefined),
  };
}

/** How to get a kernel. */
export const kernelFix = 'sudo apt-get install -y linux-image-cloud-amd64';

/** The kernel below the first of these roots that has one under `boot/`. `EngineError` when none has. */
export async function findKernel(roots: readonly string[]): Promise<Kernel> {
  for (const root of roots) {
    const kernel = await kernelAt(root === '/' ? '' : root);
    if (kernel !== undefined) return kernel;
  }
  throw new EngineError(`no kernel for micro-VMs below ${roots.join(' or ')} (boot/vmlinuz-*); run: ${kernelFix}`);
}
