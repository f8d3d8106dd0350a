import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { ImageStore, TenantImages } from '../images/images.ts';
import { type OpenImageStoreOptions, openImageStore } from '../images/store.ts';

/** A home directory with an image store, for tests. */
export interface ImageHome extends AsyncDisposable {
  readonly path: string;
  readonly store: TenantImages & Pick<ImageStore, 'close'>;
  /** The same store as another tenant has it. */
  of(tenant: string): TenantImages;
  /** Closes the store and opens it again, as another process would. */
  reopen(options?: Partial<OpenImageStoreOptions>): Promise<TenantImages>;
  /** Names in `images/layers`. */
  layers(): Promise<string[]>;
  /** What is left in this process's folder for unfinished work. */
  unfinished(): Promise<string[]>;
}

/** Opens a store in a fresh home below a folder; disposing closes and removes it. */
export async function imageHome(
  options: Partial<OpenImageStoreOptions> = {},
  parent: string = tmpdir(),
): Promise<ImageHome> {
  const path = await mkdtemp(join(parent, 'boxlite-images-'));
  const database = new DatabaseSync(join(path, 'boxlite.db'), { enableForeignKeyConstraints: true });
  const fixed = { homeDir: path, database, network: { retryBaseMs: 1 } };
  let store = await openImageStore({ ...fixed, ...options });
  return {
    path,
    get store() {
      return { ...store.of('default'), close: store.close };
    },
    of: (tenant) => store.of(tenant),
    async reopen(changed = {}) {
      await store.close();
      store = await openImageStore({ ...fixed, ...options, ...changed });
      return store.of('default');
    },
    layers: () => readdir(join(path, 'images/layers')),
    async unfinished() {
      const own = await readdir(join(path, 'images/tmp'));
      return (await Promise.all(own.map((name) => readdir(join(path, 'images/tmp', name))))).flat();
    },
    async [Symbol.asyncDispose]() {
      await store.close();
      database.close();
      await rm(path, { recursive: true, force: true });
    },
  };
}
