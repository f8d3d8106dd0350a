import { BoxliteError, type BoxOptions } from 'boxlite/backend';
import { checkBoxOptions } from '../box/check-options.ts';
import { volumesMax } from '../images/manifest.ts';
import type { BoxDefaults } from '../store/box-records.ts';
import { refusedArchive } from './archive-reader.ts';

/** The first part of an archive: what its box was made of, apart from image and disk. */
export interface Manifest {
  readonly createdAt: string;
  readonly name: string | null;
  /** Where the box's root file system came from; the digest is null for a host directory. */
  readonly image: { readonly reference: string; readonly digest: string | null };
  /** How many layers follow, lowest first. */
  readonly layers: number;
  /** Whether a disk follows them. */
  readonly disk: boolean;
  readonly options: BoxOptions;
  readonly defaults: BoxDefaults;
}

export const manifestBytesMax: number = 1024 * 1024;
/** As many as every host can mount. */
export const layersMax = 200;

const kept = [
  ...['cpus', 'memoryMib', 'diskSizeGb', 'processes', 'openFiles', 'outputLimitBytes', 'maxConcurrentExecutions'],
  ...['workingDir', 'env', 'entrypoint', 'cmd', 'tty', 'user', 'tmpfs', 'network', 'labels'],
  ...['autoRemove', 'autoStopMs', 'autoDeleteMs', 'autoResume', 'healthCheck'],
];

/** The options that travel: nothing that names the host, opens it or outlives its process; what confines the box does. */
export function portableOptions(options: BoxOptions): BoxOptions {
  const { security, capabilities } = options;
  return {
    ...Object.fromEntries(Object.entries(options).filter(([key]) => kept.includes(key))),
    ...(security === 'maximum' && { security }),
    ...(capabilities?.drop !== undefined && { capabilities: { drop: capabilities.drop } }),
  };
}

/** Spells a manifest. */
export function manifestBytes(manifest: Manifest): Buffer {
  return Buffer.from(JSON.stringify(manifest));
}

/** Reads a manifest that may say anything. `InvalidArgumentError`. */
export function readManifest(bytes: Uint8Array): Manifest {
  let found: unknown;
  try {
    found = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw refusedArchive('its manifest is no JSON');
  }
  const fields = record('manifest', found);
  const image = record('image', fields['image']);
  const layers = fields['layers'];
  if (typeof layers !== 'number' || !Number.isInteger(layers) || layers < 1 || layers > layersMax) {
    throw refusedArchive(`its manifest must name 1 to ${layersMax} layers`);
  }
  const defaults = record('defaults', fields['defaults']);
  return {
    createdAt: text('createdAt', fields['createdAt']),
    name: fields['name'] == null ? null : text('name', fields['name']),
    image: { reference: text('image.reference', image['reference']), digest: imageDigest(image['digest'] ?? null) },
    layers,
    disk: fields['disk'] === true,
    options: readOptions(record('options', fields['options'])),
    defaults: {
      env: Object.fromEntries(
        Object.entries(record('defaults.env', defaults['env'])).map(([name, value]) => [name, text(name, value)]),
      ),
      workingDir: text('defaults.workingDir', defaults['workingDir']),
      user: text('defaults.user', defaults['user']),
      entrypoint: texts('defaults.entrypoint', defaults['entrypoint']),
      cmd: texts('defaults.cmd', defaults['cmd']),
      ...(defaults['volumes'] != null && { volumes: volumes(defaults['volumes']) }),
      stopSignal: defaults['stopSignal'] == null ? undefined : text('defaults.stopSignal', defaults['stopSignal']),
    },
  };
}

function volumes(value: unknown): readonly string[] {
  const found = texts('defaults.volumes', value);
  if (found.length <= volumesMax) return found;
  throw refusedArchive(`defaults.volumes in its manifest has more than ${volumesMax} paths`);
}

// Nothing but a digest: the store takes names of images, too.
function imageDigest(value: unknown): string | null {
  if (value === null || (typeof value === 'string' && /^sha256:[0-9a-f]{64}$/.test(value))) return value;
  throw refusedArchive('image.digest in its manifest is no sha256 digest');
}

function readOptions(options: Record<string, unknown>): BoxOptions {
  if (options['env'] !== undefined) record('options.env', options['env']);
  if (options['labels'] !== undefined) record('options.labels', options['labels']);
  for (const name of ['autoRemove', 'autoResume', 'tty']) {
    if (options[name] === undefined || typeof options[name] === 'boolean') continue;
    throw refusedArchive(`options.${name} in its manifest is not true or false`);
  }
  for (const name of ['entrypoint', 'cmd']) if (options[name] !== undefined) texts(`options.${name}`, options[name]);
  if (options['user'] !== undefined) text('options.user', options['user']);
  const { tmpfs } = options;
  if (tmpfs !== undefined) {
    if (!Array.isArray(tmpfs)) throw refusedArchive('options.tmpfs in its manifest is no list');
    for (const one of tmpfs) text('options.tmpfs.guestPath', record('options.tmpfs', one)['guestPath']);
  }
  const { capabilities, healthCheck } = options;
  if (capabilities !== undefined) {
    const { drop } = record('options.capabilities', capabilities);
    if (drop !== undefined) texts('options.capabilities.drop', drop);
  }
  if (healthCheck !== undefined) {
    texts('options.healthCheck.command', record('options.healthCheck', healthCheck)['command']);
  }
  const portable = portableOptions(options as BoxOptions);
  try {
    checkBoxOptions(portable);
  } catch (error) {
    throw error instanceof BoxliteError ? refusedArchive(error.message) : error;
  }
  return portable;
}

function record(field: string, value: unknown): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  throw refusedArchive(`${field} in its manifest is no object`);
}

function text(field: string, value: unknown): string {
  if (typeof value === 'string' && value.length <= 65_536 && !value.includes('\0')) return value;
  throw refusedArchive(`${field} in its manifest is no text`);
}

function texts(field: string, value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.map((one) => text(field, one));
  throw refusedArchive(`${field} in its manifest is no list of texts`);
}
