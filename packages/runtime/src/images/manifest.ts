import { createHash } from 'node:crypto';
import { ImageError } from 'boxlite/backend';
import { z } from 'zod';
import type { ImageConfig } from './images.ts';
import { formatPlatform, type Platform } from './platform.ts';

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/, 'a digest is not sha256: and 64 hexadecimal digits');
const descriptor = z.object({
  mediaType: z.string().default(''),
  digest,
  size: z.int().min(0),
  annotations: z.record(z.string(), z.string()).nullish(),
  platform: z.object({ os: z.string(), architecture: z.string(), variant: z.string().nullish() }).nullish(),
});
const index = z.object({ manifests: z.array(descriptor).max(10_000) });
const manifest = z.object({
  schemaVersion: z.literal(2),
  artifactType: z.string().nullish(),
  config: descriptor,
  layers: z.array(descriptor).max(1000),
});
const strings = z.array(z.string()).nullish();
const config = z.object({
  os: z.string().nullish(),
  architecture: z.string().nullish(),
  variant: z.string().nullish(),
  config: z
    .object({
      Entrypoint: strings,
      Cmd: strings,
      Env: strings,
      WorkingDir: z.string().nullish(),
      User: z.string().nullish(),
      StopSignal: z.string().nullish(),
      ExposedPorts: z.record(z.string(), z.unknown()).nullish(),
      Volumes: z.record(z.string(), z.unknown()).nullish(),
      Labels: z.record(z.string(), z.string()).nullish(),
    })
    .nullish(),
  rootfs: z.object({ diff_ids: z.array(digest).nullish() }),
});

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

function checked<S extends z.ZodType>(schema: S, value: unknown, what: string): z.infer<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new ImageError(`${what} is malformed: ${z.prettifyError(result.error).replaceAll(/\s+/g, ' ').slice(0, 300)}`);
}
