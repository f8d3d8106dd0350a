// Builds images from packages of Debian as OCI layouts, without a registry and without running a package's scripts.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parseArgs, promisify } from 'node:util';
import { constants, createZstdCompress } from 'node:zlib';
import { type LayoutLayer, writeLayout } from '../layout.ts';
import { type Apt, openApt } from './apt.ts';
import { basePackages, finishBase, scriptPackages, useless } from './base.ts';
import { addPackage, type Tree, treeArchive } from './tree.ts';

const run = promisify(execFile);
const setup = join(import.meta.dirname, '../../.setup');

/** An image that is Debian's base and some packages more. */
export interface DebianImage {
  /** Without a tag, such as `boxlite/python`. */
  readonly name: string;
  readonly packages: readonly string[];
  /** Of what the packages depend on, what is left out: its programs do without it. */
  readonly without?: ReadonlySet<string>;
  /** Does what the packages' scripts would do and boxes need; sees the base too, and changes only its own. */
  readonly finish?: (own: Tree, base: Tree) => void;
  /** Put over the usual `config` of the OCI image specification. */
  readonly config?: Readonly<Record<string, unknown>>;
}

/** The layer that all images share. */
interface SharedBase {
  readonly tree: Tree;
  readonly layer: LayoutLayer;
  /** The names of what is in it. */
  readonly packages: ReadonlySet<string>;
}

// Once for all that a process builds.
let shared: Promise<SharedBase> | undefined;

async function buildBase(apt: Apt): Promise<SharedBase> {
  const packages = new Set<string>();
  const tree = await unpack(apt, basePackages, packages);
  finishBase(tree);
  return { tree, layer: await layerOf(tree), packages };
}

/** Builds the image into a folder, replacing what is there; the same packages give the same bytes. Returns the digest. */
export async function buildDebianImage(image: DebianImage, directory: string): Promise<string> {
  await run('dpkg-deb', ['--version']).catch((cause) => {
    throw new Error('cannot build images from Debian packages here: there is no dpkg-deb; build on Debian or Ubuntu', {
      cause,
    });
  });
  const apt = await openApt(join(setup, 'apt'));
  shared ??= buildBase(apt);
  const base = await shared;
  const left = new Set([...base.packages, ...(image.without ?? [])]);
  const own = await unpack(apt, [...basePackages, ...image.packages], left);
  // Directories that the base has look as they do there.
  for (const [path, { entry }] of own) if (entry.type === 'directory' && base.tree.has(path)) own.delete(path);
  image.finish?.(own, base.tree);
  return writeLayout(directory, {
    name: `${image.name}:latest`,
    config: {
      Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'LANG=C.UTF-8'],
      Cmd: ['bash'],
      WorkingDir: '/',
      ...image.config,
    },
    layers: [base.layer, await layerOf(own)],
  });
}

/** What is to be built, and where: `node images/NAME/build.ts [--out DIR]`; prints the digest. */
export async function buildFromCommandLine(image: DebianImage): Promise<void> {
  const { values } = parseArgs({ options: { out: { type: 'string' } } });
  const out = values.out ?? join(setup, 'images', image.name.slice(image.name.indexOf('/') + 1));
  process.stdout.write(`${await buildDebianImage(image, out)} ${out}\n`);
}

async function unpack(apt: Apt, names: readonly string[], known: Set<string>): Promise<Tree> {
  const resolved = await apt.resolve(names);
  const files = await apt.download(names, resolved);
  const tree: Tree = new Map();
  for (const [at, { name }] of resolved.entries()) {
    const file = files[at];
    if (file === undefined || known.has(name) || scriptPackages.has(name)) continue;
    known.add(name);
    await addPackage(tree, file, useless);
  }
  return tree;
}

async function layerOf(tree: Tree): Promise<LayoutLayer> {
  const hash = createHash('sha256');
  function* hashed(): Generator<Uint8Array> {
    for (const piece of treeArchive(tree)) {
      hash.update(piece);
      yield piece;
    }
  }
  const packed: Uint8Array[] = [];
  const pack = createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: 6 } });
  await pipeline(Readable.from(hashed(), { objectMode: false }), pack, async (chunks: AsyncIterable<Uint8Array>) => {
    for await (const chunk of chunks) packed.push(chunk);
  });
  const diffId = `sha256:${hash.digest('hex')}`;
  return { bytes: Buffer.concat(packed), diffId, mediaType: 'application/vnd.oci.image.layer.v1.tar+zstd' };
}
