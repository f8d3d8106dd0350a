import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { InvalidArgumentError } from 'boxlite/backend';
import { type TomlTable, tomlLine, tomlTables, tomlText } from './toml-tables.ts';

/** A server that one has logged in to. */
export interface Profile {
  readonly url: string;
  readonly apiKey: string | undefined;
  /** The tenant's segment in paths; undefined where paths have none. */
  readonly pathPrefix: string | undefined;
}

/** Where the profiles of a home directory are. */
export function credentialsPath(home: string | undefined): string {
  return join(resolve(home ?? join(homedir(), '.boxlite')), 'credentials.toml');
}

/** The profile of that name, from `[profiles.NAME]`; undefined where there is none. `InvalidArgumentError` names the file. */
export async function readProfile(path: string, name: string): Promise<Profile | undefined> {
  const table = (await tablesOf(path)).find((one) => isProfile(one, name));
  if (!table) return undefined;
  try {
    const url = tomlText(table, 'url');
    if (url === undefined) throw new InvalidArgumentError('url is missing');
    return { url, apiKey: tomlText(table, 'api_key'), pathPrefix: tomlText(table, 'path_prefix') || undefined };
  } catch (error) {
    const why = error instanceof Error ? error.message : error;
    throw new InvalidArgumentError(`${path}, [profiles.${name}]: ${why}; boxlite auth login writes it anew`);
  }
}

/** Puts a profile in place of the one of that name, or takes it out; everything else in the file stays as it is. `InvalidArgumentError`. */
export async function writeProfile(path: string, name: string, profile: Profile | undefined): Promise<void> {
  if (!/^[\w-]{1,64}$/.test(name)) {
    throw new InvalidArgumentError(`a profile's name has letters, digits, "_" and "-"; got ${JSON.stringify(name)}`);
  }
  const others = (await tablesOf(path)).filter((one) => !isProfile(one, name));
  const kept = others
    .flatMap(({ lines }) => lines)
    .join('\n')
    .trim();
  const lines = profile && [
    `[profiles.${name}]`,
    tomlLine('url', profile.url),
    ...(profile.apiKey === undefined ? [] : [tomlLine('api_key', profile.apiKey)]),
    ...(profile.pathPrefix === undefined ? [] : [tomlLine('path_prefix', profile.pathPrefix)]),
  ];
  const text = [kept, lines?.join('\n')].filter((part) => part !== undefined && part !== '').join('\n\n');
  if (text === '') return rm(path, { force: true });
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  // Nobody reads a half of it, and nobody else ever a key.
  const draft = `${path}.${randomUUID()}`;
  try {
    await writeFile(draft, `${text}\n`, { mode: 0o600, flag: 'wx' });
    await rename(draft, path);
  } finally {
    await rm(draft, { force: true });
  }
}

function isProfile({ name: [group, own, ...more] }: TomlTable, name: string): boolean {
  return group === 'profiles' && own === name && more.length === 0;
}

async function tablesOf(path: string): Promise<readonly TomlTable[]> {
  try {
    return tomlTables(await readFile(path, 'utf8'));
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return [];
    throw error;
  }
}
