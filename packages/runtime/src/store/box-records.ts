import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import type { BootTiming, BoxOptions, BoxStatus, ListBoxesOptions } from 'boxlite/backend';
import { AlreadyExistsError, InvalidArgumentError } from 'boxlite/backend';
import type { EngineBox } from '../engine/engine.ts';
import { statement } from './statement.ts';

/** What a command inherits from the image, fixed when the box was made. */
export interface BoxDefaults {
  readonly env: Readonly<Record<string, string>>;
  readonly workingDir: string;
  readonly user: string;
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  /** As the image names it, such as `SIGINT` or `15`; TERM unless given. */
  readonly stopSignal?: string | undefined;
  /** Directories that the image means to be volumes: made where they are missing, on the box's own disk. */
  readonly volumes?: readonly string[] | undefined;
}

/** What happened to a box since its last start; times in milliseconds since 1970. */
export interface BoxHistory {
  readonly startedAt?: number | undefined;
  readonly endedAt?: number | undefined;
  /** When something last used it. */
  readonly usedAt?: number | undefined;
  /** The execution of its main command. */
  readonly main?: string | undefined;
  readonly exitCode?: number | undefined;
  readonly errorMessage?: string | undefined;
}

export interface BoxCounters {
  readonly commands: number;
  readonly execErrors: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** A box as the store keeps it. */
export interface BoxRecord {
  readonly id: string;
  /** Whose it is. */
  readonly tenant: string;
  readonly name: string | undefined;
  readonly status: BoxStatus;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly image: string;
  /** The image's manifest digest; undefined for a box on a host directory. */
  readonly imageId: string | undefined;
  readonly options: BoxOptions;
  readonly rootfs: EngineBox['rootfs'];
  readonly defaults: BoxDefaults;
  readonly detached: boolean;
  readonly pid: number | undefined;
  readonly timing: BootTiming | undefined;
  readonly counters: BoxCounters;
  readonly history: BoxHistory;
}

export interface BoxRecords {
  /** `AlreadyExistsError` when the tenant has the name. */
  insert(record: BoxRecord): void;
  update(
    id: string,
    change: {
      status: BoxStatus;
      pid: number | undefined;
      timing?: BootTiming | undefined;
      history?: BoxHistory | undefined;
    },
  ): BoxRecord;
  add(id: string, added: BoxCounters): void;
  /** Of one tenant, by id or name. */
  get(tenant: string, idOrName: string): BoxRecord | undefined;
  /** Whoever has it. */
  byId(id: string): BoxRecord | undefined;
  list(tenant: string, options: ListBoxesOptions): { records: BoxRecord[]; nextPageToken: string | undefined };
  all(): BoxRecord[];
  remove(id: string): void;
  count(tenant: string): number;
  numRunning(tenant: string): number;
  /** Whether a box has an image: one of that tenant, or of any. */
  usesImage(imageId: string, tenant?: string): boolean;
}

type Row = Record<string, SQLOutputValue>;

function read(row: Row): BoxRecord {
  return {
    id: String(row['id']),
    tenant: String(row['tenant']),
    name: row['name'] === null ? undefined : String(row['name']),
    status: String(row['status']) as BoxStatus,
    createdAt: Number(row['created_at']),
    updatedAt: Number(row['updated_at']),
    image: String(row['image']),
    imageId: row['image_id'] === null ? undefined : String(row['image_id']),
    options: JSON.parse(String(row['options'])) as BoxOptions,
    rootfs: JSON.parse(String(row['rootfs'])) as EngineBox['rootfs'],
    defaults: JSON.parse(String(row['defaults'])) as BoxDefaults,
    detached: row['detached'] === 1,
    pid: row['pid'] === null ? undefined : Number(row['pid']),
    timing: row['timing'] === null ? undefined : (JSON.parse(String(row['timing'])) as BootTiming),
    counters: {
      commands: Number(row['commands']),
      execErrors: Number(row['exec_errors']),
      bytesIn: Number(row['bytes_in']),
      bytesOut: Number(row['bytes_out']),
    },
    history: JSON.parse(String(row['history'])) as BoxHistory,
  };
}

/** The boxes of a store; `onChange` is told of each that is made, changed or removed. */
export function boxRecords(database: DatabaseSync, onChange: () => void = () => {}): BoxRecords {
  database.exec('CREATE INDEX IF NOT EXISTS boxes_by_age ON boxes (tenant, created_at, id)');
  const insert = statement(
    database,
    `INSERT INTO boxes (id, tenant, name, status, created_at, updated_at, image, image_id, options, labels, rootfs, defaults, detached)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const update = statement(
    database,
    `UPDATE boxes SET updated_at = iif(status = ?1, updated_at, ?3), status = ?1, pid = ?2, timing = coalesce(?4, timing),
     history = coalesce(?5, history) WHERE id = ?6 RETURNING *`,
  );
  const add = statement(
    database,
    `UPDATE boxes SET commands = commands + ?, exec_errors = exec_errors + ?, bytes_in = bytes_in + ?,
     bytes_out = bytes_out + ? WHERE id = ?`,
  );
  const get = statement(
    database,
    `SELECT * FROM boxes WHERE id = ?2 AND tenant = ?1
     UNION ALL SELECT * FROM boxes WHERE name = ?2 AND tenant = ?1 LIMIT 1`,
  );
  const named = statement(database, 'SELECT id FROM boxes WHERE tenant = ? AND name = ?');
  const one = statement(database, 'SELECT * FROM boxes WHERE id = ?');
  const count = statement(database, 'SELECT count(*) AS n FROM boxes WHERE tenant = ?');
  const page = statement(
    database,
    `SELECT * FROM boxes WHERE tenant = ?7 AND (created_at, id) > (?5, ?1) AND (?2 IS NULL OR status = ?2)
     AND substr(coalesce(name, ''), 1, length(?6)) = ?6 AND NOT EXISTS (
       SELECT 1 FROM json_each(?3) AS wanted WHERE NOT EXISTS (
         SELECT 1 FROM json_each(boxes.labels) AS has WHERE has.key = wanted.key AND has.value = wanted.value))
     ORDER BY created_at, id LIMIT ?4`,
  );
  const all = statement(database, 'SELECT * FROM boxes ORDER BY id');
  const remove = statement(database, 'DELETE FROM boxes WHERE id = ?');
  const running = statement(
    database,
    `SELECT count(*) AS n FROM boxes WHERE tenant = ? AND status IN ('running', 'paused', 'stopping')`,
  );
  const uses = statement(database, 'SELECT 1 FROM boxes WHERE image_id = ?1 AND (?2 IS NULL OR tenant = ?2) LIMIT 1');
  return {
    insert(record) {
      if (record.name !== undefined && named.get(record.tenant, record.name)) {
        throw new AlreadyExistsError(`a box named ${record.name} exists already; choose another name or remove it`);
      }
      insert.run(
        record.id,
        record.tenant,
        record.name ?? null,
        record.status,
        record.createdAt,
        record.updatedAt,
        record.image,
        record.imageId ?? null,
        JSON.stringify(record.options),
        JSON.stringify(record.options.labels ?? {}),
        JSON.stringify(record.rootfs),
        JSON.stringify(record.defaults),
        record.detached ? 1 : 0,
      );
      onChange();
    },
    update(id, { status, pid, timing, history }) {
      const [timingText, historyText] = [timing, history].map((value) => (value ? JSON.stringify(value) : null));
      const row = update.get(status, pid ?? null, Date.now(), timingText ?? null, historyText ?? null, id);
      if (!row) throw new Error(`box ${id} is not in the store`);
      onChange();
      return read(row);
    },
    add: (id, { commands, execErrors, bytesIn, bytesOut }) => void add.run(commands, execErrors, bytesIn, bytesOut, id),
    get(tenant, idOrName) {
      const row = get.get(tenant, idOrName);
      return row && read(row);
    },
    byId(id) {
      const row = one.get(id);
      return row && read(row);
    },
    list(tenant, { pageSize = 100, pageToken, status, labels = {}, namePrefix = '' }) {
      const { createdAt, id } = pageToken === undefined ? beginning : fromPageToken(pageToken);
      const wanted = [status ?? null, JSON.stringify(labels)] as const;
      const records: BoxRecord[] = [];
      let left = pageCharacters;
      let next: string | undefined;
      const take = (row: Row): boolean => {
        const last = records.at(-1);
        if (last && (records.length === pageSize || left <= 0)) {
          next = toPageToken(last);
          return false;
        }
        records.push(read(row));
        left -= `${row['options']}${row['defaults']}`.length;
        return true;
      };
      page.each(take, id, ...wanted, pageSize + 1, createdAt, namePrefix, tenant);
      return { records, nextPageToken: next };
    },
    all: () => all.all().map(read),
    remove(id) {
      remove.run(id);
      onChange();
    },
    usesImage: (imageId, tenant) => uses.get(imageId, tenant ?? null) !== undefined,
    count: (tenant) => Number(count.get(tenant)?.['n'] ?? 0),
    numRunning: (tenant) => Number(running.get(tenant)?.['n'] ?? 0),
  };
}

/** Where a page ended. An id alone tells no age: a box from the warm pool got its own before anyone asked for it. */
type Place = Pick<BoxRecord, 'createdAt' | 'id'>;

/** A page has no box more once it has so much text: a box may have a command or labels of a MiB, and a client takes 16 MiB. */
const pageCharacters = 2 ** 21;

const beginning: Place = { createdAt: -1, id: '' };

function toPageToken({ createdAt, id }: Place): string {
  return Buffer.from(`after:${createdAt}:${id}`).toString('base64url');
}

function fromPageToken(token: string): Place {
  const [, createdAt, id] = /^after:(\d{1,15}):([0-9A-Z]{26})$/.exec(Buffer.from(token, 'base64url').toString()) ?? [];
  if (createdAt === undefined || id === undefined) {
    throw new InvalidArgumentError(
      'pageToken is not one that this server gave; leave it out to begin at the first page',
    );
  }
  return { createdAt: Number(createdAt), id };
}
