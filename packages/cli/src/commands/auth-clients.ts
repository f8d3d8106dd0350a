import type { Command } from 'commander';
import { type Format, formatOption, formatted } from '../format.ts';
import {
  addGrantOptions,
  credentialRecord,
  credentialTable,
  type GrantFlags,
  newCredential,
  withIdentity,
} from '../identity.ts';

/** `boxlite auth client create|list|revoke` and `rotate-keys`: what a server of this home directory takes, also while it runs. */
export function registerClients(auth: Command): void {
  const client = auth.command('client').description('OAuth2 clients of the server on this machine');
  const create = addGrantOptions(client.command('create'))
    .description('make a client; prints its id and, only this once, its secret')
    .argument('<name>', 'what to call it')
    .action(async (name: string, flags: GrantFlags) => {
      await withIdentity(create, async (identity) => {
        const { credential, secret } = await identity.createClient(await newCredential(name, flags));
        process.stdout.write(`BOXLITE_REST_CLIENT_ID=${credential.id}\nBOXLITE_REST_CLIENT_SECRET=${secret}\n`);
      });
    });
  const list = client
    .command('list')
    .alias('ls')
    .description('list clients')
    .addOption(formatOption())
    .action(async ({ format }: { readonly format: Format }) => {
      await withIdentity(list, (identity) => {
        const all = identity.list('client');
        process.stdout.write(formatted(format, all.map(credentialRecord), () => credentialTable(all)));
      });
    });
  const revoke = client
    .command('revoke')
    .alias('rm')
    .description('end clients and every token that they have, from the next request on')
    .argument('<client...>', 'names or ids')
    .action(async (names: readonly string[]) => {
      await withIdentity(revoke, (identity) => {
        for (const name of names) process.stdout.write(`${identity.revoke('client', name).id}\n`);
      });
    });
  const rotate = auth
    .command('rotate-keys')
    .description('sign tokens with a new key from now on; those there are stay good until they expire')
    .option('--end-tokens', 'end all tokens that there are at once')
    .action(async ({ endTokens = false }: { readonly endTokens?: boolean }) => {
      await withIdentity(rotate, (identity) => {
        process.stdout.write(`${identity.signingKeys.rotate({ endTokens })}\n`);
      });
    });
}
