import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { ImageError } from 'boxlite/backend';
import * as v from 'valibot';
import { fileIn } from './image-file.ts';
import { digestOf } from './manifest.ts';
import { possession } from './possession.ts';
import { formatReference, parseReference, type Reference } from './reference.ts';
import type { ImageSource } from './source.ts';

/** What is used of a docker archive's `manifest.json`: its images, at least one. */
export type DockerArchive = readonly {
  readonly Config: string;
  readonly RepoTags?: readonly string[] | null | undefined;
  readonly Layers: readonly string[];
}[];

const strings = v.array(v.string());
const content = v.pipe(
  v.array(v.object({ Config: v.string(), RepoTags: v.nullish(strings), Layers: v.pipe(strings, v.maxLength(1000)) })),
  v.minLength(1),
);
const maxJsonBytes = 8 * 1024 * 1024;

/** The `manifest.json` of what `docker save` writes; undefined when a folder has none such. */
export async function dockerArchive(directory: string): Promise<DockerArchive | undefined> {
  try {
    const file = await fileIn(directory, 'manifest.json', 'the archive');
    if ((await stat(file)).size > maxJsonBytes) return undefined;
    return v.parse(content, JSON.parse(await readFile(file, 'utf8')));
  } catch {
    // A root file system may have a manifest.json of its own.
    return undefined;
  }
}

/** The image of an unpacked docker archive, under a manifest that is made for it here. */
export async function dockerArchiveSource(
  directory: string,
  archive: DockerArchive,
  reference: Reference,
  what: string,
): Promise<ImageSource> {
  const wanted = formatReference(reference);
  const [only, ...more] = archive;
  const image =
    more.length === 0
      ? only
      : archive.find(({ RepoTags }) => RepoTags?.some((tag) => formatReferenceOf(tag) === wanted));
  if (image === undefined) {
    const tags = archive.map(({ RepoTags }) => RepoTags?.join(', ') || 'one without a name');
    throw new ImageError(`${what} has several images (${tags.join('; ')}); import it under the name of one`);
  }
  const files = new Map<string, string>();
  const describe = async (name: string, mediaType: string) => {
    const file = await fileIn(directory, name, what);
    const hash = createHash('sha256');
    await pipeline(createReadStream(file), hash);
    const digest = `sha256:${hash.digest('hex')}`;
    files.set(digest, file);
    return { mediaType, digest, size: (await stat(file)).size };
  };
  const config = await describe(image.Config, 'application/vnd.oci.image.config.v1+json');
  const layers = [];
  for (const name of image.Layers) layers.push(await describe(name, 'application/vnd.oci.image.layer.v1.tar'));
  const manifest = Buffer.from(JSON.stringify({ schemaVersion: 2, config, layers }));
  return {
    what,
    possession: possession(directory),
    async manifest(digest) {
      if (digest !== undefined && digest !== digestOf(manifest))
        throw new ImageError(`${what} has no manifest ${digest}`);
      return manifest;
    },
    async blob({ digest }) {
      const file = files.get(digest);
      if (file === undefined) throw new ImageError(`${what} has no blob ${digest}`);
      return file;
    },
  };
}

function formatReferenceOf(tag: string): string | undefined {
  try {
    return formatReference(parseReference(tag)[0]);
  } catch {
    return undefined;
  }
}
