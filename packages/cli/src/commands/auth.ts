import { text } from 'node:stream/consumers';
import { ApiKeyCredential, Boxlite, UnsupportedError } from 'boxlite';
import type { Command } from 'commander';
import { withRuntime } from '../connect.ts';
import { type Format, formatOption, formatted } from '../format.ts';
import { globalOptions } from '../globals.ts';
import { credentialsPath, readProfile, writeProfile } from '../profile/credentials-file.ts';
import { UsageError } from '../usage.ts';
import { registerClients } from './auth-clients.ts';

interface LoginFlags {
  readonly apiKeyStdin?: boolean;
  readonly method: string;
}

/** `boxlite auth login|logout|status|whoami` for those who use a server, `client` and `rotate-keys` for who runs it. */
export function registerAuth(program: Command): void {
  const auth = program.command('auth').description('log in to a server, and say who may use one that runs here');
  const login = auth
    .command('login')
    .description('use the server of --url from now on, with an API key')
    .option('--api-key-stdin', 'read the key from standard input')
    .option('--method <method>', 'how to log in: api-key', 'api-key')
    .action((flags: LoginFlags) => logIn(login, flags));
  const logout = auth
    .command('logout')
    .description('forget the server and its key')
    .option('-y, --yes', 'do not ask; nothing is asked')
    .action(async () => {
      const { path, name } = place(logout);
      const known = await readProfile(path, name).catch(() => undefined);
      await writeProfile(path, name, undefined);
      process.stdout.write(known ? `logged out of ${known.url}\n` : 'not logged in\n');
    });
  const status = auth
    .command('status')
    .description('say which server is used, without asking it')
    .action(async () => {
      const { path, name } = place(status);
      const { url } = globalOptions(status);
      // As every other command takes it, before what is stored.
      if (url !== undefined) return void process.stdout.write(`${url}, of --url or BOXLITE_REST_URL\n`);
      const known = await readProfile(path, name);
      const next = 'not logged in; boxlite auth login --url URL --api-key-stdin\n';
      if (!known) return void process.stdout.write(next);
      const key = known.apiKey === undefined ? 'no key' : `key ${known.apiKey.slice(0, 13)}…`;
      process.stdout.write(`${name}: ${known.url}, ${key}, tenant ${known.pathPrefix ?? 'of the key'}\n`);
    });
  const whoami = auth
    .command('whoami')
    .description('ask the server who it takes one for')
    .addOption(formatOption())
    .action(async ({ format }: { readonly format: Format }) => {
      await withRuntime(whoami, async (runtime) => {
        const me = await runtime.me();
        const record = {
          Id: me.id,
          Name: me.name ?? null,
          Type: me.type,
          Tenants: me.tenants ? [...me.tenants] : null,
          Scopes: [...me.scopes],
          Expires: me.expiresAt?.toISOString() ?? null,
        };
        const lines = [
          `${me.name ?? me.id} (${me.id})`,
          `tenants: ${me.tenants?.join(' ') ?? 'all'}`,
          `scopes: ${me.scopes.join(' ')}`,
        ];
        process.stdout.write(formatted(format, record, () => `${lines.join('\n')}\n`));
      });
    });
  registerClients(auth);
}

async function logIn(command: Command, { apiKeyStdin, method }: LoginFlags): Promise<void> {
  if (method !== 'api-key') throw new UnsupportedError(`--method ${method} is not there; api-key is`);
  const { url } = globalOptions(command);
  if (url === undefined) throw new UsageError('name the server with --url');
  if (!apiKeyStdin) throw new UsageError('give the key on standard input with --api-key-stdin');
  const apiKey = (await text(process.stdin)).trim();
  if (!/^[\x21-\x7e]+$/.test(apiKey)) throw new UsageError('standard input must hold the key and nothing else');
  await using runtime = Boxlite.rest({ url, credential: new ApiKeyCredential(apiKey) });
  const me = await runtime.me();
  const { path, name } = place(command);
  await writeProfile(path, name, { url, apiKey, pathPrefix: me.pathPrefix });
  process.stdout.write(`logged in to ${url} as ${me.name ?? me.id}; boxlite auth logout goes back to this machine\n`);
}

function place(command: Command): { readonly path: string; readonly name: string } {
  const { home, profile = 'default' } = globalOptions(command);
  return { path: credentialsPath(home), name: profile };
}
