import { createPrivateKey, randomUUID, sign } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { TestAuthority } from './authority.ts';

/** A token service as docker-registry's token authentication wants one. */
export interface TokenServer extends AsyncDisposable {
  readonly realm: string;
  readonly service: string;
  readonly issuer: string;
  /** Every request so far: its query, and its `Authorization`. */
  readonly asked: { readonly scope: string; readonly authorization: string | undefined }[];
}

/** Starts a token service that signs with the authority's certificate, and gives what is asked to who shows `Basic`. */
export async function startTokenServer(authority: TestAuthority, authorization: string): Promise<TokenServer> {
  const asked: TokenServer['asked'] = [];
  const service = 'test-registry';
  const issuer = 'test-issuer';
  const server = createServer((incoming, outgoing) => {
    const query = new URL(incoming.url ?? '', 'http://x').searchParams;
    const scope = query.get('scope') ?? '';
    asked.push({ scope, authorization: incoming.headers.authorization });
    if (incoming.headers.authorization !== authorization || query.get('service') !== service) {
      outgoing.writeHead(401).end();
      return;
    }
    outgoing.end(JSON.stringify({ token: token(authority, issuer, service, scope) }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    realm: `http://127.0.0.1:${port}/token`,
    service,
    issuer,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A token that opens one scope, `repository:<name>:<actions>`. */
export function token(authority: TestAuthority, issuer: string, service: string, scope: string): string {
  const [type = '', name = '', actions = ''] = scope.split(':');
  const now = Math.floor(Date.now() / 1000);
  const certificate = authority.cert.replaceAll(/-----[^-]+-----|\s/g, '');
  const claims = {
    ...{ iss: issuer, aud: service, sub: 'box', nbf: now - 10, iat: now - 10, exp: now + 300, jti: randomUUID() },
    access: [{ type, name, actions: actions.split(',') }],
  };
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${part({ typ: 'JWT', alg: 'ES256', x5c: [certificate] })}.${part(claims)}`;
  const key = { key: createPrivateKey(authority.key), dsaEncoding: 'ieee-p1363' } as const;
  return `${signed}.${sign('sha256', Buffer.from(signed), key).toString('base64url')}`;
}
