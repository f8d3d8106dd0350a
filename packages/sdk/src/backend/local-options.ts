import type { RuntimeBackend } from './backend.ts';
import type { BoxOptions } from './box-options.ts';

/** How to talk to a registry, and whether images come from it when a reference names none. */
export interface ImageRegistryOptions {
  /** `host[:port]`. */
  readonly host: string;
  /** @default 'https' */
  readonly transport?: 'http' | 'https';
  /** Tried for references that name no registry. @default false */
  readonly search?: boolean;
  /** How to log in: a user with a password, or a token. @default none */
  readonly auth?: { readonly username: string; readonly password: string } | { readonly token: string };
  /**
   * Registries (`host[:port]`) that are asked first, in order; one that fails or lacks something is passed over. Each
   * is reached as its own entry in `imageRegistries` says, and with no credentials where it has none. @default none
   */
  readonly mirrors?: readonly string[];
  /** A PEM file with certificates that are trusted beside the host's own. @default none: only the host's own */
  readonly caFile?: string;
  /** Take any certificate of this host, as for a self-signed one; whoever is on the way can then read the credentials. @default false */
  readonly skipVerify?: boolean;
}

/** Where images may be pulled from, for a runtime that others than its operator use. */
export interface RegistryPolicyOptions {
  /**
   * Registries (`host[:port]`) that images may be pulled from, beside those in `imageRegistries`; both may also be at
   * addresses that are not public. @default every registry
   */
  readonly hosts?: readonly string[];
  /**
   * `public`: registries that the operator did not name, and what they lead to, must be at public addresses. With `any`
   * only what a public registry leads to must be. @default 'any'
   */
  readonly addresses?: 'any' | 'public';
}

/** Boxes that are kept up before anyone asks for them. */
export interface WarmOptions {
  /** How many are kept ready, 0 to 1000; each idle one takes about 0.5 MiB beside its image. */
  readonly size: number;
  /**
   * What they are: a box made with other limits, image, network, `security`, `capabilities`, `tmpfs` or `detach` starts
   * cold. All else (name, environment, commands, labels, lifecycle) may differ. No `volumes` and no `ports`. @default
   * what `create` makes without options
   */
  readonly box?: BoxOptions;
}

/** Options of a local runtime. */
export interface BoxliteOptions {
  /** @default $BOXLITE_HOME or ~/.boxlite */
  readonly homeDir?: string;
  /** `runc`, `crun`, `runsc` or the path of one, or `qemu`. @default $BOXLITE_ENGINE or the best that this host has: runc, else crun */
  readonly engine?: string;
  /** Registries that need more than their name: a login, a mirror, plain HTTP. @default none */
  readonly imageRegistries?: readonly ImageRegistryOptions[];
  /** Where images may be pulled from. @default anywhere */
  readonly registryPolicy?: RegistryPolicyOptions;
  /** Boxes outlive this process whatever their `detach` says: a server's boxes do. @default false */
  readonly detachAll?: boolean;
  /** Boxes to keep ready, so that `create` and `start` only hand one over. @default none */
  readonly warm?: readonly WarmOptions[];
  /** Most boxes of one tenant; one more is a `ResourceExhaustedError`. @default 10,000 */
  readonly maxBoxes?: number;
  /** Most bytes kept of one execution's output. @default 4 GiB */
  readonly outputLimitBytes?: number;
  /** How long output is kept after its execution's end; how that ended stays known. @default 7 days */
  readonly outputRetentionMs?: number;
  /** How much output of ended executions is kept in all; what ended first goes first. @default 16 GiB */
  readonly outputRetentionBytes?: number;
}

/** What `boxlite/local` loads from `@boxlite/runtime`. */
export interface LocalRuntimeModule {
  /** Opens the runtime of a home directory. */
  openLocal(options: BoxliteOptions): Promise<RuntimeBackend>;
}
