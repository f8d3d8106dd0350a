import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import type { ImageConfig, ImageLayer } from 'boxlite/backend';
import { statement } from '../store/statement.ts';
import { hostPlatform, type Platform } from './platform.ts';

/** An image as it is recorded: under its manifest's digest. */
export interface ImageRecord {
  readonly digest: string;
  readonly platform: Platform;
  readonly config: ImageConfig;
  /** Chain ids, lowest first. */
  readonly chains: readonly string[];
  /** As many as chains. */
  readonly layers: readonly Omit<ImageLayer, 'unpackedBytes'>[];
  /** Bytes of the unpacked layers. */
  readonly sizeBytes: number;
}

/** A name of an image. */
export interface NamedImage {
  readonly reference: string;
  readonly cachedAtMs: number;
  /** When a box was last made of it; 0 for never. */
  readonly usedAtMs: number;
  readonly image: ImageRecord;
}

/** What the image store keeps in SQLite; all calls are synchronous. */
export interface ImageRecords {
  named(tenant: string, reference: string): NamedImage | undefined;
  /** The names that a tenant has of an image, sorted. */
  names(tenant: string, digest: string): readonly NamedImage[];
  /** Whoever has it. */
  image(digest: string): ImageRecord | undefined;
  /** A tenant's names after a name, sorted. */
  page(tenant: string, after: string, limit: number): readonly NamedImage[];
  /** Records an image and gives it a name of a tenant, which may have been another image's. */
  put(tenant: string, reference: string, image: ImageRecord, nowMs: number): void;
  /** All or none of them. */
  removeNames(tenant: string, references: readonly string[]): void;
  /** Notes that a box is made of an image. */
  used(digest: string, nowMs: number): void;
  /** Images that no tenant has a name for. */
  nameless(): readonly string[];
  removeImage(digest: string): void;
  layerBytes(chainId: string): number | undefined;
  putLayer(chainId: string, sizeBytes: number): void;
  removeLayer(chainId: string): void;
  layers(): readonly string[];
  /** Whether an image that a tenant has a name for is made of it. */
  hasLayer(tenant: string, chainId: string): boolean;
  /** Every chain id that an image is made of. */
  usedLayers(): ReadonlySet<string>;
}

const nameColumns = `(
  tenant TEXT NOT NULL, reference TEXT NOT NULL, digest TEXT NOT NULL REFERENCES images (digest),
  cached_at INTEGER NOT NULL, PRIMARY KEY (tenant, reference)
) STRICT, WITHOUT ROWID`;

const schema = `
CREATE TABLE IF NOT EXISTS images (
  digest TEXT PRIMARY KEY, config TEXT NOT NULL, chains TEXT NOT NULL, size_bytes INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS image_names ${nameColumns};
CREATE INDEX IF NOT EXISTS image_names_by_digest ON image_names (digest, reference);
CREATE TABLE IF NOT EXISTS image_layers (
  chain_id TEXT PRIMARY KEY, size_bytes INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`;

// Names of the first version know of no tenant.
const step = `
BEGIN;
CREATE TABLE tenant_image_names ${nameColumns};
INSERT INTO tenant_image_names SELECT 'default', reference, digest, cached_at FROM image_names;
DROP TABLE image_names;
ALTER TABLE tenant_image_names RENAME TO image_names;
CREATE INDEX image_names_by_digest ON image_names (digest, reference);
COMMIT;
`;

const joined = 'SELECT n.reference, n.cached_at, i.* FROM image_names n JOIN images i ON i.digest = n.digest';

/** Makes the tables where they are missing. */
export function imageRecords(database: DatabaseSync): ImageRecords {
  database.exec(schema);
  const named = database.prepare('PRAGMA table_info(image_names)').all();
  if (!named.some((column) => column['name'] === 'tenant')) database.exec(step);
  const columns = database.prepare('PRAGMA table_info(images)').all();
  // Tables of the first version had neither; its images tell what they knew.
  if (!columns.some((column) => column['name'] === 'details')) {
    database.exec(`ALTER TABLE images ADD COLUMN details TEXT NOT NULL DEFAULT '{}'`);
    database.exec('ALTER TABLE images ADD COLUMN used_at INTEGER NOT NULL DEFAULT 0');
  }
  const one = database.prepare(`${joined} WHERE n.tenant = ? AND n.reference = ?`);
  const byDigest = database.prepare(`${joined} WHERE n.tenant = ? AND n.digest = ? ORDER BY n.reference`);
  const page = database.prepare(`${joined} WHERE n.tenant = ? AND n.reference > ? ORDER BY n.reference LIMIT ?`);
  const image = database.prepare('SELECT * FROM images WHERE digest = ?');
  const putImage = database.prepare(
    'INSERT OR REPLACE INTO images (digest, config, chains, size_bytes, details) VALUES (?, ?, ?, ?, ?)',
  );
  const putName = database.prepare(
    'INSERT OR REPLACE INTO image_names (tenant, reference, digest, cached_at) VALUES (?, ?, ?, ?)',
  );
  const used = statement(database, 'UPDATE images SET used_at = ? WHERE digest = ?');
  const removeNames = statement(
    database,
    'DELETE FROM image_names WHERE tenant = ? AND reference IN (SELECT value FROM json_each(?))',
  );
  const removeImage = database.prepare('DELETE FROM images WHERE digest = ?');
  const nameless = database.prepare('SELECT digest FROM images WHERE digest NOT IN (SELECT digest FROM image_names)');
  const layer = database.prepare('SELECT size_bytes FROM image_layers WHERE chain_id = ?');
  const putLayer = database.prepare('INSERT OR REPLACE INTO image_layers (chain_id, size_bytes) VALUES (?, ?)');
  const removeLayer = database.prepare('DELETE FROM image_layers WHERE chain_id = ?');
  const layers = database.prepare('SELECT chain_id FROM image_layers');
  const chains = database.prepare('SELECT chains FROM images');
  const hasLayer = database.prepare(
    `SELECT 1 FROM image_names n JOIN images i ON i.digest = n.digest, json_each(i.chains) c WHERE n.tenant = ? AND c.value = ? LIMIT 1`,
  );

  return {
    named: (tenant, reference) => optional(one.get(tenant, reference), toNamed),
    names: (tenant, digest) => byDigest.all(tenant, digest).map(toNamed),
    image: (digest) => optional(image.get(digest), toImage),
    page: (tenant, after, limit) => page.all(tenant, after, limit).map(toNamed),
    put(tenant, reference, { digest, config, chains: ids, sizeBytes, platform, layers: parts }, nowMs) {
      if (image.get(digest) === undefined) {
        const details = JSON.stringify({ platform, layers: parts });
        putImage.run(digest, JSON.stringify(config), JSON.stringify(ids), sizeBytes, details);
      }
      putName.run(tenant, reference, digest, nowMs);
    },
    used: (digest, nowMs) => used.run(nowMs, digest),
    removeNames: (tenant, references) => removeNames.run(tenant, JSON.stringify(references)),
    nameless: () => nameless.all().map((row) => text(row['digest'])),
    removeImage: (digest) => void removeImage.run(digest),
    layerBytes: (chainId) => optional(layer.get(chainId), (row) => Number(row['size_bytes'])),
    putLayer: (chainId, sizeBytes) => void putLayer.run(chainId, sizeBytes),
    removeLayer: (chainId) => void removeLayer.run(chainId),
    layers: () => layers.all().map((row) => text(row['chain_id'])),
    hasLayer: (tenant, chainId) => hasLayer.get(tenant, chainId) !== undefined,
    usedLayers: () => new Set(chains.all().flatMap((row): string[] => JSON.parse(text(row['chains'])))),
  };
}

type Row = Record<string, SQLOutputValue>;

function optional<T>(row: Row | undefined, read: (row: Row) => T): T | undefined {
  return row === undefined ? undefined : read(row);
}

function text(value: SQLOutputValue | undefined): string {
  return String(value);
}

function toImage(row: Row): ImageRecord {
  const chains: string[] = JSON.parse(text(row['chains']));
  return {
    digest: text(row['digest']),
    platform: hostPlatform,
    layers: chains.map((diffId) => ({ digest: undefined, diffId, sizeBytes: undefined })),
    ...JSON.parse(text(row['details'])),
    config: { exposedPorts: [], labels: {}, ...JSON.parse(text(row['config'])) },
    chains,
    sizeBytes: Number(row['size_bytes']),
  };
}

function toNamed(row: Row): NamedImage {
  return {
    reference: text(row['reference']),
    cachedAtMs: Number(row['cached_at']),
    usedAtMs: Number(row['used_at']),
    image: toImage(row),
  };
}
