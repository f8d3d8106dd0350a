import { createHash } from 'node:crypto';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import type { TestRegistry } from './registry.ts';

/** A blob and what points to it. */
export interface TestBlob {
  readonly descriptor: { readonly mediaType: string; readonly digest: string; readonly size: number };
  readonly bytes: Uint8Array;
}

export interface TestImage {
  readonly manifest: TestBlob;
  /** Configuration and layers. */
  readonly blobs: readonly TestBlob[];
}

const manifestType = 'application/vnd.oci.image.manifest.v1+json';
const indexType = 'application/vnd.oci.image.index.v1+json';

/** Bytes as a blob. */
export function testBlob(mediaType: string, bytes: Uint8Array): TestBlob {
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  return { descriptor: { mediaType, digest, size: bytes.length }, bytes };
}

/** An image of tar layers, lowest first; `config` and `platform` are put over what suits this host. */
export function testImage(
  layers: readonly Uint8Array[],
  options: {
    readonly compression?: 'gzip' | 'zstd' | 'none';
    readonly config?: Readonly<Record<string, unknown>>;
    readonly architecture?: string;
    readonly diffIds?: readonly string[];
  } = {},
): TestImage {
  const { compression = 'gzip' } = options;
  const pack = { gzip: gzipSync, zstd: zstdCompressSync, none: (bytes: Uint8Array) => bytes }[compression];
  const suffix = compression === 'none' ? '' : `+${compression}`;
  const packed = layers.map((bytes) => testBlob(`application/vnd.oci.image.layer.v1.tar${suffix}`, pack(bytes)));
  const config = testBlob(
    'application/vnd.oci.image.config.v1+json',
    json({
      os: 'linux',
      architecture: options.architecture ?? hostArchitecture,
      config: options.config ?? {},
      rootfs: {
        type: 'layers',
        diff_ids: options.diffIds ?? layers.map((bytes) => testBlob('', bytes).descriptor.digest),
      },
    }),
  );
  const manifest = json({
    schemaVersion: 2,
    mediaType: manifestType,
    config: config.descriptor,
    layers: packed.map(({ descriptor }) => descriptor),
  });
  return { manifest: testBlob(manifestType, manifest), blobs: [config, ...packed] };
}

/** This processor in the words of images. */
export const hostArchitecture: string = process.arch === 'x64' ? 'amd64' : process.arch;

/** An index of images by architecture. */
export function testIndex(images: Readonly<Record<string, TestImage>>): TestBlob {
  const manifests = Object.entries(images).map(([architecture, { manifest }]) => ({
    ...manifest.descriptor,
    platform: { os: 'linux', architecture },
  }));
  return testBlob(indexType, json({ schemaVersion: 2, mediaType: indexType, manifests }));
}

/** Pushes an image under `name:tag`, or only under its digest. */
export async function pushImage(registry: TestRegistry, name: string, image: TestImage, tag?: string): Promise<void> {
  for (const blob of image.blobs) await pushBlob(registry, name, blob);
  await pushManifest(registry, name, image.manifest, tag);
}

/** Pushes a manifest or an index whose parts are there. */
export async function pushManifest(
  registry: TestRegistry,
  name: string,
  manifest: TestBlob,
  tag?: string,
): Promise<void> {
  const { mediaType, digest } = manifest.descriptor;
  await expected(
    fetch(`http://${registry.host}/v2/${name}/manifests/${tag ?? digest}`, {
      method: 'PUT',
      headers: { ...registry.headers, 'content-type': mediaType },
      body: new Uint8Array(manifest.bytes),
    }),
  );
}

async function pushBlob(registry: TestRegistry, name: string, { descriptor, bytes }: TestBlob): Promise<void> {
  const base = `http://${registry.host}`;
  const { headers } = registry;
  const begun = await expected(fetch(`${base}/v2/${name}/blobs/uploads/`, { method: 'POST', headers }));
  const url = new URL(begun.headers.get('location') ?? '', base);
  url.searchParams.set('digest', descriptor.digest);
  await expected(fetch(url, { method: 'PUT', headers, body: new Uint8Array(bytes) }));
}

async function expected(answer: Promise<Response>): Promise<Response> {
  const response = await answer;
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.status} of ${response.url}: ${text}`);
  return response;
}

function json(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}
