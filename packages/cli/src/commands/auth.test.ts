import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Cli, cliInNewHome, exitCode, said } from '../testing/cli.ts';

async function text(cli: Cli, args: readonly string[], options?: Parameters<Cli['run']>[1]): Promise<string> {
  const { code, stdout, stderr } = await cli.run(args, options);
  expect({ args, code, stderr }).toEqual({ args, code: 0, stderr: '' });
  return stdout.toString().trim();
}

test('keys and clients are made and revoked beside the server that takes them, and its tokens outlive it', {
  timeout: 90_000,
}, async () => {
  await using cli = await cliInNewHome();
  const key = await text(cli, ['keys', 'create', 'ci', '--scope', 'box:read', '--tenant', 'acme', '--expires', '1h']);
  expect(key).toMatch(/^blk_live_/);
  expect((await stat(join(cli.homeDir, 'identity.db'))).mode & 0o777).toBe(0o600);
  const server = cli.start(['serve', '--port', '0']);
  const [, url = ''] = await said(server.stdout, /^listening on (\S+)\n$/);
  const status = async (bearer: string, path = '/v1/boxes'): Promise<number> =>
    (await fetch(url + path, { headers: { authorization: `Bearer ${bearer}` } })).status;
  expect([await status(key), await status(key, '/v1/acme/boxes'), await status(key, '/v1/other/boxes')]).toEqual([
    ...[200, 200, 404],
  ]);

  const made = await text(cli, ['auth', 'client', 'create', 'agent', '--scope', 'boxes:read']);
  const [, id = '', secret = ''] = /^BOXLITE_REST_CLIENT_ID=(\S+)\nBOXLITE_REST_CLIENT_SECRET=(\S+)$/.exec(made) ?? [];
  const token = async (): Promise<string> => {
    const body = new URLSearchParams({ grant_type: 'client_credentials', client_id: id, client_secret: secret });
    return Object(await (await fetch(`${url}/v1/oauth/tokens`, { method: 'POST', body })).json()).access_token;
  };
  const first = await token();
  await text(cli, ['auth', 'rotate-keys']);
  const second = await token();
  expect([await status(first), await status(second)]).toEqual([200, 200]);
  expect(JSON.parse(await text(cli, ['auth', 'client', 'list', '--format', 'json']))).toMatchObject([
    { Name: 'agent', Id: id, Tenants: ['default'], Scopes: ['box:read', 'volume:read'] },
  ]);

  await text(cli, ['keys', 'revoke', 'ci']);
  expect(await status(key)).toBe(401);
  server.kill('SIGTERM');
  expect(await exitCode(server)).toBe(0);

  // The client is a credential: no key is made at the start.
  const again = cli.start(['serve', '--port', new URL(url).port]);
  await said(again.stdout, /^listening on /);
  expect(await status(first)).toBe(200);
  await text(cli, ['auth', 'client', 'revoke', 'agent']);
  expect([await status(first), await status(second)]).toEqual([401, 401]);
  again.kill('SIGTERM');
  expect(await exitCode(again)).toBe(0);
});

test('a login makes every command use the server, until the logout; its keys are made there', {
  timeout: 90_000,
}, async () => {
  await using cli = await cliInNewHome();
  const own = await text(cli, ['keys', 'create', 'me', '--tenant', 'acme']);
  const server = cli.start(['serve', '--port', '0', '--base-path', '/api']);
  const [, origin = ''] = await said(server.stdout, /^listening on (\S+)\n$/);
  const url = `${origin}/api`;
  const wrong = await cli.run(['auth', 'login', '--url', url, '--api-key-stdin'], { stdin: 'wrong\n' });
  expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining('credential')]);
  expect(await text(cli, ['auth', 'login', '--url', url, '--api-key-stdin'], { stdin: `${own}\n` })).toContain('as me');
  expect((await stat(join(cli.homeDir, 'credentials.toml'))).mode & 0o777).toBe(0o600);
  const status = await text(cli, ['auth', 'status']);
  expect(status).toContain(`default: ${url}, key blk_live_`);
  expect(status).not.toContain(own);
  const elsewhere = { env: { BOXLITE_REST_URL: 'http://127.0.0.1:1' } };
  expect(await text(cli, ['auth', 'status'], elsewhere)).toBe('http://127.0.0.1:1, of --url or BOXLITE_REST_URL');
  expect(await text(cli, ['auth', 'whoami'])).toMatch(/^me \(key-\w+\)\ntenants: acme\nscopes: box:read /);
  expect(await text(cli, ['list', '-a', '-q'])).toBe('');
  const child = await text(cli, ['keys', 'create', 'child', '--scope', 'box:read']);
  expect(await text(cli, ['keys', 'list'])).toMatch(/\nme .*\nchild +box:read /);
  const env = { BOXLITE_API_KEY: child };
  expect(await text(cli, ['auth', 'whoami'], { env })).toMatch(/^child /);
  const refused = await cli.run(['keys', 'create', 'more'], { env });
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('api_key:write')]);
  await text(cli, ['keys', 'revoke', 'child']);
  expect(await text(cli, ['keys', 'list', '--local'])).toMatch(/\nme +key-/);

  expect(await text(cli, ['auth', 'logout', '-y'])).toBe(`logged out of ${url}`);
  server.kill('SIGTERM');
  expect(await exitCode(server)).toBe(0);
  expect((await cli.run(['auth', 'whoami'])).stderr).toContain('a local runtime has no credentials');
  const unknown = await cli.run(['list', '--profile', 'work']);
  expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringContaining('there is no profile work')]);
});
