import { type ApiKeyInfo, Boxlite } from 'boxlite';
import type { Command } from 'commander';
import { age, type Format, formatOption, formatted } from '../format.ts';
import { globalOptions } from '../globals.ts';
import {
  addGrantOptions,
  credentialRecord,
  credentialTable,
  type GrantFlags,
  newCredential,
  withIdentity,
} from '../identity.ts';
import { serverOptions } from '../profile/server.ts';
import { table } from '../table.ts';
import { UsageError } from '../usage.ts';

interface LocalFlag {
  readonly local?: boolean;
}

/** `boxlite keys create|list|revoke`: API keys of a server, or of the one on this machine, whether or not it runs. */
export function registerKeys(program: Command): void {
  const keys = program.command('keys').description('API keys of the server, or of the one on this machine');
  const create = addGrantOptions(withLocal(keys.command('create')))
    .description('make an API key and print it, only this once')
    .argument('<name>', 'what to call it')
    .action(async (name: string, flags: GrantFlags & LocalFlag) => {
      await using server = await serverOf(create, flags);
      const value = server ? await createOn(server, name, flags) : await createHere(create, name, flags);
      process.stdout.write(`${value}\n`);
    });
  const list = withLocal(keys.command('list').alias('ls'))
    .description('list API keys')
    .addOption(formatOption())
    .action(async ({ format, ...flags }: { readonly format: Format } & LocalFlag) => {
      await using server = await serverOf(list, flags);
      if (server) {
        const all = await server.apiKeys.list();
        return void process.stdout.write(formatted(format, all.map(keyRecord), () => keyTable(all)));
      }
      await withIdentity(list, (identity) => {
        const all = identity.list('key');
        process.stdout.write(formatted(format, all.map(credentialRecord), () => credentialTable(all)));
      });
    });
  const revoke = withLocal(keys.command('revoke').alias('rm'))
    .description('end API keys, from their next request on')
    .argument('<key...>', 'names or ids')
    .action(async (names: readonly string[], flags: LocalFlag) => {
      await using server = await serverOf(revoke, flags);
      for (const name of names) {
        if (server) await server.apiKeys.revoke(name);
        else await withIdentity(revoke, (identity) => void identity.revoke('key', name));
        process.stdout.write(`${name}\n`);
      }
    });
}

function withLocal(command: Command): Command {
  return command.option('--local', 'those of this machine, whatever server one has logged in to');
}

async function serverOf(command: Command, { local }: LocalFlag): Promise<Boxlite | undefined> {
  const options = local ? undefined : await serverOptions(globalOptions(command));
  return options && Boxlite.rest(options);
}

async function createOn(server: Boxlite, name: string, flags: GrantFlags): Promise<string> {
  if (flags.tenant || flags.allTenants) {
    throw new UsageError('a key made on a server belongs to the tenant of --path-prefix; leave --tenant out');
  }
  const expiresAt = flags.expires === undefined ? undefined : new Date(Date.now() + flags.expires);
  return (await server.apiKeys.create(name, { permissions: flags.scope, expiresAt })).value;
}

async function createHere(command: Command, name: string, flags: GrantFlags): Promise<string> {
  return withIdentity(command, async (identity) => (await identity.createKey(await newCredential(name, flags))).value);
}

function keyTable(all: readonly ApiKeyInfo[]): string {
  return table(
    ['NAME', 'SCOPES', 'CREATED', 'USED', 'EXPIRES'],
    all.map((one) => [
      ...[one.name, one.permissions.join(' '), age(one.createdAt)],
      one.lastUsedAt ? age(one.lastUsedAt) : '-',
      one.expiresAt?.toISOString() ?? '-',
    ]),
  );
}

function keyRecord(one: ApiKeyInfo): { readonly [key: string]: string | null | string[] } {
  return {
    Name: one.name,
    Scopes: [...one.permissions],
    Created: one.createdAt.toISOString(),
    Used: one.lastUsedAt?.toISOString() ?? null,
    Expires: one.expiresAt?.toISOString() ?? null,
    CreatedBy: one.createdBy ?? null,
  };
}
