import { createHash } from 'node:crypto';
import { ImageError } from 'boxlite/backend';
import * as v from 'valibot';
import type { ImageConfig } from './images.ts';
import { formatPlatform, type Platform } from './platform.ts';

const text = v.nullish(v.string());
const size = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const digest = v.pipe(
  v.string(),
  v.regex(/^sha256:[0-9a-f]{64}$/, 'a digest is not sha256: and 64 hexadecimal digits'),
);
// Not `v.record`, which leaves out what is named "constructor" or "prototype".
const texts = v.custom<Readonly<Record<string, string>>>(
  (value) => isRecord(value) && Object.values(value).every((one) => typeof one === 'string'),
  'not an object of texts',
);
const descriptor = v.object({
  mediaType: v.optional(v.string(), ''),
  digest,
  size,
  annotations: v.nullish(texts),
  platform: v.nullish(v.object({ os: v.string(), architecture: v.string(), variant: text })),
});
const index = v.object({ manifests: v.pipe(v.array(descriptor), v.maxLength(10_000)) });
const manifest = v.object({
  schemaVersion: v.literal(2),
  artifactType: text,
  config: descriptor,
  layers: v.pipe(v.array(descriptor), v.maxLength(1000)),
});
/** Most volumes that an image may name: each is looked for at every start of a box. */
export const volumesMax = 256;
const strings = v.nullish(v.array(v.string()));
const keys = v.custom<object>(isRecord, 'not an object');
const config = v.object({
  os: text,
  architecture: text,
  variant: text,
  config: v.nullish(
    v.object({
      Entrypoint: strings,
      Cmd: strings,
      Env: strings,
      WorkingDir: text,
      User: text,
      StopSignal: text,
      ExposedPorts: v.nullish(keys),
      Volumes: v.nullish(
        v.pipe(
          keys,
          v.check((volumes) => Object.keys(volumes).length <= volumesMax, `more than ${volumesMax} volumes`),
        ),
      ),
      Labels: v.nullish(texts),
    }),
  ),
  rootfs: v.object({ diff_ids: v.nullish(v.array(digest)) }),
});

function isRecord(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Points at a blob: what it is, its digest and its exact size in bytes (OCI image spec, descriptor.md). */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>> | null | undefined;
  readonly platform?:
    | { readonly os: string; readonly architecture: string; readonly variant?: string | null | undefined }
    | null
    | undefined;
}
/** A list of manifests, one for each platform. */
export interface ImageIndex {
  readonly manifests: readonly Descriptor[];
}
/** The parts of one image. */
export interface ImageManifest {
  readonly schemaVersion: 2;
  readonly artifactType?: string | null | undefined;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
}
/** What an image's configuration says that BoxLite uses. */
export interface ParsedConfig {
  readonly platform: Platform;
  readonly config: ImageConfig;
  readonly diffIds: readonly string[];
}

/** Parses an index or a manifest; `ImageError` names the image and what it is instead. */
export function parseManifest(bytes: Uint8Array, what: string): ImageIndex | ImageManifest {
  const value = json(bytes, what);
  const has = (key: string): boolean => typeof value === 'object' && value !== null && key in value;
  if (has('manifests')) return checked(index, value, what);
  if (has('fsLayers'))
    throw new ImageError(`${what} is in the old format "schema 1"; push it again with a current tool`);
  const parsed = checked(manifest, value, what);
  const type = parsed.config.mediaType;
  if (!/^(|application\/vnd\.(oci\.image\.config\.v1|docker\.container\.image\.v1)\+json)$/.test(type)) {
    throw new ImageError(`${what} is not a container image but an artifact of type ${parsed.artifactType ?? type}`);
  }
  return parsed;
}

/** The manifest of an index that fits a platform; `ImageError` lists what there is. */
export function choosePlatform(list: ImageIndex, what: string, wanted: Platform): Descriptor {
  const fits = ({ platform }: Descriptor): boolean =>
    platform?.os === wanted.os &&
    platform.architecture === wanted.architecture &&
    (wanted.variant === undefined || wanted.variant === platform.variant);
  const [first, ...more] = list.manifests;
  const found = list.manifests.find(fits) ?? (first?.platform == null && more.length === 0 ? first : undefined);
  if (found !== undefined) return found;
  const there = list.manifests.map(({ platform }) =>
    platform == null ? 'unnamed' : formatPlatform({ ...platform, variant: platform.variant ?? undefined }),
  );
  throw new ImageError(`${what} is not made for ${formatPlatform(wanted)}, only for: ${there.join(', ') || 'nothing'}`);
}

/** Parses an image's configuration; `ImageError` when it is malformed or for another platform. */
export function parseConfig(bytes: Uint8Array, what: string, wanted: Platform): ParsedConfig {
  const parsed = checked(config, json(bytes, what), what);
  const platform: Platform = {
    os: parsed.os || wanted.os,
    architecture: parsed.architecture || wanted.architecture,
    variant: parsed.variant || undefined,
  };
  const fits = platform.os === wanted.os && platform.architecture === wanted.architecture;
  if (!fits || (wanted.variant ?? platform.variant) !== (platform.variant ?? wanted.variant)) {
    throw new ImageError(
      `${what} is made for ${formatPlatform(platform)}, but ${formatPlatform(wanted)} is wanted, which is this host's unless another is named`,
    );
  }
  const given = parsed.config ?? {};
  const env = new Map<string, string>();
  for (const line of given.Env ?? []) {
    const equals = line.indexOf('=');
    if (equals > 0) env.set(line.slice(0, equals), line.slice(equals + 1));
  }
  return {
    platform,
    config: {
      entrypoint: given.Entrypoint ?? [],
      cmd: given.Cmd ?? [],
      env: Object.fromEntries(env),
      workingDir: given.WorkingDir || '/',
      user: given.User ?? '',
      stopSignal: given.StopSignal || undefined,
      exposedPorts: Object.keys(given.ExposedPorts ?? {}),
      volumes: Object.keys(given.Volumes ?? {}),
      labels: given.Labels ?? {},
    },
    diffIds: parsed.rootfs.diff_ids ?? [],
  };
}

/** `sha256:…` of bytes. */
export function digestOf(bytes: Uint8Array | string): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** The ids of the chains that end in each layer (OCI image spec, config.md, "Layer ChainID"). */
export function chainIds(diffIds: readonly string[]): string[] {
  const chain: string[] = [];
  for (const diffId of diffIds) {
    const below = chain.at(-1);
    chain.push(below === undefined ? diffId : digestOf(`${below} ${diffId}`));
  }
  return chain;
}

function json(bytes: Uint8Array, what: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw new ImageError(`${what} is not JSON`, { cause: error });
  }
}

function checked<T>(schema: v.GenericSchema<unknown, T>, value: unknown, what: string): T {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  const [issue] = result.issues;
  const at = v.getDotPath(issue);
  throw new ImageError(`${what} is malformed: ${at === null ? '' : `${at}: `}${issue.message}`.slice(0, 300));
}
