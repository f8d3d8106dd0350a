import { accessSync, closeSync, constants, openSync, readSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import process from 'node:process';
import { quietly, SetupError } from './step.mjs';

/** What the engine, the guest and the base image need of the host, by Debian package. */
const forBoxes = [
  { name: 'runc', present: () => command('runc') },
  { name: 'gcc', present: () => command('gcc') && command('objcopy') },
  { name: 'musl-tools', present: () => command('musl-gcc') },
  { name: 'make', present: () => command('make') },
  { name: 'busybox-static', present: () => isStatic(command('busybox')) },
  { name: 'e2fsprogs', present: () => command('mkfs.ext4') },
  { name: 'iproute2', present: () => command('ip') },
];
const forTestsToo = [
  { name: 'docker-registry', present: () => command('docker-registry') },
  // 13 s on a busy machine; 17 MB to fetch.
  { name: 'qemu-system-x86', present: () => process.arch !== 'x64' || command('qemu-system-x86_64') },
  { name: 'erofs-utils', present: () => process.arch !== 'x64' || command('mkfs.erofs') },
  { name: 'xfsprogs', present: () => command('mkfs.xfs') },
  { name: 'openssl', present: () => command('openssl') },
  { name: 'runsc', present: () => command('runsc') },
  { name: 'crun', present: () => command('crun') },
  { name: 'python3-pip', present: () => command('python3') && command('pip3') },
  { name: 'chromium', present: () => command('chromium') },
  { name: 'firefox-esr', present: () => command('firefox-esr') },
  { name: 'webkit2gtk-driver', present: () => command('WebKitWebDriver') },
  { name: 'xvfb', present: () => command('Xvfb') },
  { name: 'uidmap', present: () => command('newuidmap') && command('newgidmap') },
];

/** Host packages: installed through apt where that is possible, otherwise the one command to run is the error. */
export function hostPackages({ forTests }) {
  const wanted = forTests ? [...forBoxes, ...forTestsToo] : forBoxes;
  const missing = () => wanted.filter((item) => !item.present()).map((item) => item.name);
  return {
    name: 'host packages',
    done: () => missing().length === 0,
    async run() {
      const names = missing();
      const install = ['install', '-y', '--no-install-recommends', ...names];
      if (!command('apt-get')) {
        throw new SetupError(`this host lacks ${names.join(', ')} (names in Debian); install them and run this again`);
      }
      if (process.getuid?.() !== 0) {
        throw new SetupError(
          `this host lacks ${names.join(', ')}; run this command, then this again:\n  sudo sh -c 'apt-get update && apt-get ${install.join(' ')}'`,
        );
      }
      const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
      await quietly('apt-get', ['update'], { env });
      await quietly('apt-get', install, { env });
      const still = missing();
      if (still.length > 0) throw new SetupError(`apt installed ${still.join(', ')}, yet what they bring is not found`);
    },
  };
}

/** The path of a program, also where only root's PATH has it. */
export function command(name) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin'];
  for (const folder of folders) {
    const file = join(folder, name);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // Not here; the next folder may have it.
    }
  }
  return undefined;
}

/** Whether an ELF program asks for no dynamic loader (no PT_INTERP segment): only such a one runs in an empty image. */
function isStatic(file) {
  if (file === undefined) return false;
  const head = Buffer.alloc(4096);
  const descriptor = openSync(file, 'r');
  const length = readSync(descriptor, head, 0, head.length, 0);
  closeSync(descriptor);
  if (length < 64 || head.readUInt32BE(0) !== 0x7f454c46 || head[4] !== 2 || head[5] !== 1) return false;
  const first = Number(head.readBigUInt64LE(32));
  const size = head.readUInt16LE(54);
  for (let index = 0; index < head.readUInt16LE(56); index += 1) {
    const at = first + index * size;
    if (at + 4 > length || head.readUInt32LE(at) === 3) return false;
  }
  return true;
}
