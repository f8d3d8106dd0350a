import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ImageError } from 'boxlite/backend';
import { fileIn } from './image-file.ts';
import { choosePlatform, type Descriptor, parseManifest } from './manifest.ts';
import { hostPlatform } from './platform.ts';
import { possession } from './possession.ts';
import type { Reference } from './reference.ts';
import { formatReference } from './reference.ts';
import type { ImageSource } from './source.ts';

const maxJsonBytes = 4 * 1024 * 1024;
const nameKey = 'org.opencontainers.image.ref.name';

/** True for a folder with an `oci-layout` file and an `index.json` (OCI image spec, image-layout.md). */
export async function isLayout(directory: string): Promise<boolean> {
  const file = (name: string): Promise<boolean> =>
    stat(join(directory, name)).then(
      (stats) => stats.isFile(),
      () => false,
    );
  return (await file('oci-layout')) && (await file('index.json'));
}

/** The image of a layout that goes by the reference, or its only one; gives the source and the manifest's digest. */
export async function layoutSource(
  directory: string,
  reference: Reference,
  what: string,
): Promise<{ readonly source: ImageSource; readonly digest: string }> {
  const read = async (name: string): Promise<Uint8Array> => {
    const file = await fileIn(directory, name, what);
    if ((await stat(file)).size > maxJsonBytes)
      throw new ImageError(`${name} of ${what} is larger than ${maxJsonBytes} bytes`);
    return readFile(file);
  };
  const blobName = (digest: string): string => join('blobs', 'sha256', digest.slice('sha256:'.length));
  const index = parseManifest(await read('index.json'), `index.json of ${what}`);
  if ('layers' in index) throw new ImageError(`index.json of ${what} is a manifest, not an index`);
  const source: ImageSource = {
    what,
    possession: possession(directory),
    manifest: (digest) => read(digest === undefined ? 'index.json' : blobName(digest)),
    async blob(blob) {
      const file = await fileIn(directory, blobName(blob.digest), what);
      const { size } = await stat(file);
      if (size !== blob.size)
        throw new ImageError(`blob ${blob.digest} of ${what} has ${size} bytes, not ${blob.size}`);
      return file;
    },
  };
  return { source, digest: choose(index.manifests, reference, what).digest };
}

function choose(manifests: readonly Descriptor[], reference: Reference, what: string): Descriptor {
  const [only, ...more] = manifests;
  if (only !== undefined && more.length === 0) return only;
  const names = new Set([formatReference(reference), `${reference.repository}:${reference.tag}`, reference.tag]);
  const named = manifests.filter(({ annotations }) => names.has(annotations?.[nameKey] ?? ''));
  if (named.length > 0) return choosePlatform({ manifests: named }, what, hostPlatform);
  if (manifests.every(({ platform }) => platform != null))
    return choosePlatform({ manifests: [...manifests] }, what, hostPlatform);
  const there = manifests.map(({ annotations }) => annotations?.[nameKey] ?? 'one without a name');
  throw new ImageError(`${what} has several images (${there.join(', ') || 'none'}); import it under the name of one`);
}
