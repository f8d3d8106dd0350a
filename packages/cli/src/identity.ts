import { join, resolve } from 'node:path';
import type { Credential, Identity, NewCredential } from '@boxlite/server';
import { type Command, Option } from 'commander';
import { collect } from './box-flags.ts';
import { durationMs } from './duration.ts';
import { age } from './format.ts';
import { type GlobalOptions, globalOptions } from './globals.ts';
import { table } from './table.ts';
import { UsageError } from './usage.ts';
import type { Plain } from './yaml.ts';

/** Opens what a home directory keeps of who may use its server, whether or not that runs. */
export async function openHomeIdentity({ home }: Pick<GlobalOptions, 'home'>): Promise<Identity> {
  const [{ defaultHomeDir }, { openIdentity }] = await Promise.all([
    import('@boxlite/runtime'),
    import('@boxlite/server'),
  ]);
  return openIdentity(join(resolve(home ?? defaultHomeDir()), 'identity.db'));
}

/** Runs `work` with the identity of the home directory that a command's options name, and closes it afterwards. */
export async function withIdentity<T>(command: Command, work: (identity: Identity) => Promise<T> | T): Promise<T> {
  using identity = await openHomeIdentity(globalOptions(command));
  return await work(identity);
}

/** Flags that say what a new credential may do. */
export interface GrantFlags {
  readonly scope?: readonly string[];
  readonly tenant?: readonly string[];
  readonly allTenants?: boolean;
  readonly expires?: number;
}

/** Adds the flags of {@link GrantFlags}. */
export function addGrantOptions(command: Command): Command {
  return command
    .option('--scope <name>', 'what it may do, such as boxes:read or box:exec; may be repeated (everything)', collect)
    .option('--tenant <name>', 'where it may be used; may be repeated, the first is its own (default)', collect)
    .addOption(new Option('--all-tenants', 'it may be used in every tenant').conflicts('tenant'))
    .addOption(
      new Option('--expires <time>', 'how long it is good: 90s, 15m, 12h or 7d (for ever)').argParser(durationMs),
    );
}

/** The credential that the flags describe. */
export async function newCredential(name: string, flags: GrantFlags): Promise<NewCredential> {
  if (!/^(?!\.{1,2}$)[^/\p{Cc}]{1,128}$/u.test(name)) throw new UsageError('a name has 1 to 128 characters and no "/"');
  const { permissionsNamed } = await import('@boxlite/server');
  return {
    name,
    tenants: flags.allTenants ? undefined : (flags.tenant ?? ['default']),
    permissions: permissionsNamed(flags.scope ?? everyScope),
    createdBy: 'boxlite',
    expiresAtMs: flags.expires === undefined ? undefined : Date.now() + flags.expires,
  };
}

const everyScope = ['boxes:read', 'boxes:write', 'boxes:exec', 'images:read', 'images:write', 'runtime:admin'];

/** A credential for `--format json` and `yaml`. */
export function credentialRecord(one: Credential): { readonly [key: string]: Plain } {
  const time = (ms: number | undefined): string | null => (ms === undefined ? null : new Date(ms).toISOString());
  return {
    Id: one.id,
    Name: one.name,
    Tenants: one.tenants ? [...one.tenants] : null,
    Scopes: [...one.permissions],
    Created: time(one.createdAtMs),
    Used: time(one.usedAtMs),
    Expires: time(one.expiresAtMs),
  };
}

/** Credentials as a table. */
export function credentialTable(all: readonly Credential[]): string {
  return table(
    ['NAME', 'ID', 'TENANTS', 'CREATED', 'USED', 'EXPIRES'],
    all.map((one) => [
      ...[one.name, one.id, one.tenants?.join(' ') ?? 'all', age(new Date(one.createdAtMs))],
      one.usedAtMs === undefined ? '-' : age(new Date(one.usedAtMs)),
      one.expiresAtMs === undefined ? '-' : new Date(one.expiresAtMs).toISOString(),
    ]),
  );
}
