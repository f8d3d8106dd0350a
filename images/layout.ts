import { createHash } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** An image as its parts: layers are tars, lowest first, each as it is stored and with the digest of the tar itself. */
export interface LayoutImage {
  /** The name in the layout, such as `boxlite/base:latest`. */
  readonly name: string;
  /** `config` of the OCI image specification. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly layers: readonly LayoutLayer[];
}

export interface LayoutLayer {
  readonly bytes: Uint8Array;
  /** `sha256:…` of the tar. */
  readonly diffId: string;
  readonly mediaType: string;
}

/** The platform of this host in the words of images. */
const platform = { architecture: process.arch === 'x64' ? 'amd64' : process.arch, os: 'linux' };

/** `sha256:…` of bytes. */
export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** Writes an OCI layout with one image, replacing what is there at once; the same parts give the same bytes. Returns the digest. */
export async function writeLayout(directory: string, { name, config, layers }: LayoutImage): Promise<string> {
  const blobs = new Map<string, Uint8Array>();
  const blob = (mediaType: string, bytes: Uint8Array) => {
    const digest = digestOf(bytes);
    blobs.set(digest.slice('sha256:'.length), bytes);
    return { mediaType, digest, size: bytes.length };
  };
  const json = (mediaType: string, value: unknown) => blob(mediaType, Buffer.from(JSON.stringify(value)));
  const layerBlobs = layers.map(({ mediaType, bytes }) => blob(mediaType, bytes));
  const configBlob = json('application/vnd.oci.image.config.v1+json', {
    ...platform,
    config,
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
  });
  const manifestType = 'application/vnd.oci.image.manifest.v1+json';
  const manifest = json(manifestType, {
    schemaVersion: 2,
    mediaType: manifestType,
    config: configBlob,
    layers: layerBlobs,
  });
  const index = {
    schemaVersion: 2,
    manifests: [{ ...manifest, platform, annotations: { 'org.opencontainers.image.ref.name': name } }],
  };
  // Put in place at once: another process may be reading the one before.
  const fresh = `${directory}.${process.pid}`;
  await rm(fresh, { recursive: true, force: true });
  await mkdir(join(fresh, 'blobs/sha256'), { recursive: true });
  for (const [hex, bytes] of blobs) await writeFile(join(fresh, 'blobs/sha256', hex), bytes);
  await writeFile(join(fresh, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  await writeFile(join(fresh, 'index.json'), JSON.stringify(index));
  await rm(directory, { recursive: true, force: true });
  await rename(fresh, directory);
  return manifest.digest;
}
