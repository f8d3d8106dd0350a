// Builds `boxlite/base:latest` from Debian's static busybox as an OCI layout, without any registry:
// node images/base/build.ts [folder]
import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type TarWriteEntry, tarArchive, tarEntry } from '../../packages/runtime/src/tar/writer.ts';
import { digestOf, writeLayout } from '../layout.ts';
import { baseFiles } from './files.ts';

const run = promisify(execFile);
const setup = join(import.meta.dirname, '../../.setup');

/** Where the image is built unless told otherwise, and where `openImageStore` is pointed to. */
export const baseImageDir: string = join(setup, 'base-image');

/** Builds the image into a folder, replacing what is there; the same busybox gives the same bytes. Returns the digest. */
export async function buildBaseImage(directory: string = baseImageDir): Promise<string> {
  const busybox = await findBusybox();
  const layer = tarArchive(await entries(busybox));
  return writeLayout(directory, {
    name: 'boxlite/base:latest',
    config: {
      Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
      Cmd: ['sh'],
      WorkingDir: '/',
    },
    layers: [{ bytes: layer, diffId: digestOf(layer), mediaType: 'application/vnd.oci.image.layer.v1.tar' }],
  });
}

async function entries(busybox: string): Promise<Uint8Array[]> {
  const { stdout } = await run(busybox, ['--list-full']);
  const program = mendWget(await readFile(busybox));
  const made = new Map<string, Uint8Array>();
  const add = (entry: TarWriteEntry, content?: Uint8Array): void => {
    if (!made.has(entry.path)) made.set(entry.path, tarEntry(entry, content));
  };
  for (const [path, file] of Object.entries(baseFiles)) {
    const { content, ...entry } = file;
    add({ ...entry, path, type: content === undefined ? 'directory' : 'file' }, Buffer.from(content ?? ''));
  }
  add({ path: 'bin/busybox', mode: 0o755 }, program);
  const applets = stdout.split('\n').filter((name) => /^[a-z0-9/_.[-]+$/i.test(name));
  // What PATH finds in /bin is found in /usr/bin too: scripts begin with /usr/bin/env.
  for (const name of [...applets, 'usr/bin/env'].sort()) {
    if (!name.startsWith('linuxrc')) add({ path: name, type: 'symlink', mode: 0o777, linkPath: '/bin/busybox' });
  }
  return [...made.values()];
}

/**
 * Debian 12's static busybox ends with SIGSEGV at `wget -T`: it is built without the time limit, and yet writes the number,
 * to nowhere. Its table of options is changed so that the number is passed over, as it is for `-t`. Any other stays as it is.
 */
function mendWget(program: Buffer): Buffer {
  const options = 'cqSO:o:P:Y:U:T:+t:n::';
  const at = program.indexOf(options);
  if (at >= 0) program.write(options.replace('T:+t:n::', 'T:t:n:::'), at, 'latin1');
  return program;
}

/** The host's static busybox, or the one of Debian's package, fetched but not installed. */
async function findBusybox(): Promise<string> {
  for (const path of ['/bin/busybox', '/usr/bin/busybox']) if (await isStatic(path)) return path;
  const folder = join(setup, 'busybox');
  const path = async (): Promise<string | undefined> => {
    for (const name of ['bin/busybox', 'usr/bin/busybox'])
      if (await isStatic(join(folder, name))) return join(folder, name);
    return undefined;
  };
  const known = await path();
  if (known !== undefined) return known;
  await mkdir(folder, { recursive: true });
  try {
    await run('apt-get', ['download', 'busybox-static'], { cwd: folder });
    const archive = (await readdir(folder)).find((name) => name.endsWith('.deb')) ?? '';
    await run('dpkg-deb', ['-x', join(folder, archive), folder]);
  } catch (error) {
    throw new Error('cannot build the base image: there is no static busybox; apt-get install busybox-static', {
      cause: error,
    });
  }
  const found = await path();
  if (found === undefined) throw new Error('the package busybox-static has no static /bin/busybox');
  return found;
}

async function isStatic(path: string): Promise<boolean> {
  if (
    !(await stat(path).then(
      (stats) => stats.isFile(),
      () => false,
    ))
  )
    return false;
  // A dynamic program names its loader, in a program header that a static one has not.
  const bytes = await readFile(path);
  if (bytes.toString('latin1', 0, 5) !== '\x7fELF\x02') return false;
  const start = Number(bytes.readBigUInt64LE(32));
  const size = bytes.readUInt16LE(54);
  const count = bytes.readUInt16LE(56);
  for (let number = 0; number < count; number++) if (bytes.readUInt32LE(start + number * size) === 3) return false;
  return true;
}

if (import.meta.main) console.log(await buildBaseImage(process.argv[2]));
