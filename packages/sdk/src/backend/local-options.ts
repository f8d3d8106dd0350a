import type { RuntimeBackend } from './backend.ts';

/** Where images come from when a reference names no registry, and how to talk to one. */
export interface ImageRegistryOptions {
  /** `host[:port]`. */
  readonly host: string;
  /** @default 'https' */
  readonly transport?: 'http' | 'https';
  /** Tried for references that name no registry. @default false */
  readonly search?: boolean;
  readonly auth?: { readonly username: string; readonly password: string } | { readonly token: string };
}

/** Options of a local runtime. */
export interface BoxliteOptions {
  /** @default $BOXLITE_HOME or ~/.boxlite */
  readonly homeDir?: string;
  /** `runc` or a path of one. @default $BOXLITE_ENGINE or the best that this host has */
  readonly engine?: string;
  readonly imageRegistries?: readonly ImageRegistryOptions[];
  /** Boxes outlive this process whatever their `detach` says: a server's boxes do. @default false */
  readonly detachAll?: boolean;
  /** Most bytes kept of one execution's output. @default 4 GiB */
  readonly outputLimitBytes?: number;
}

/** What `boxlite/local` loads from `@boxlite/runtime`. */
export interface LocalRuntimeModule {
  openLocal(options: BoxliteOptions): Promise<RuntimeBackend>;
}
