import type { Client } from '@boxlite/rest';
import { checkText } from '../argument.ts';
import { lateRest } from './late-rest.ts';

/** A bearer token, and when it ends if it does. */
export interface AccessToken {
  /** Sent as `Authorization: Bearer …`. */
  readonly token: string;
  /** @default never */
  readonly expiresAt?: Date | undefined;
}

/** The server that asks for a token: where a credential can exchange what it has for one. */
export interface TokenServer {
  /** Sends without a token. */
  readonly client: Client;
}

/** Anything that can give a token; an object of your own will do. It is asked again a minute before the token expires. */
export interface Credential {
  /** Gives a token; what it throws is what the call throws. */
  getToken(server: TokenServer): Promise<AccessToken>;
}

/** An OAuth2 client of a server. */
export interface ClientCredentialsOptions {
  /** Which client. */
  readonly clientId: string;
  /** Sent only to the server's `/oauth/tokens`. */
  readonly clientSecret: string;
  /** The scopes wanted, separated by spaces. @default all that the client may have */
  readonly scope?: string | undefined;
}

/** OAuth2 client credentials (RFC 6749, section 4.4), exchanged at the server's `/oauth/tokens`. */
export class ClientCredentials implements Credential {
  readonly #options: ClientCredentialsOptions;

  constructor(options: ClientCredentialsOptions) {
    checkText('clientId', options.clientId);
    checkText('clientSecret', options.clientSecret);
    this.#options = options;
  }

  /** Exchanges the secret for a token. */
  async getToken({ client }: TokenServer): Promise<AccessToken> {
    const { exchangeSecret } = await lateRest();
    return exchangeSecret(client, this.#options);
  }
}

/** An API key, sent as it is. */
export class ApiKeyCredential implements Credential {
  readonly #key: string;

  constructor(key: string) {
    checkText('key', key);
    this.#key = key;
  }

  /** The key of `BOXLITE_API_KEY`; null when it is not set. */
  static fromEnv(env: Readonly<Record<string, string | undefined>> = environment()): ApiKeyCredential | null {
    const key = env['BOXLITE_API_KEY'];
    return key ? new ApiKeyCredential(key) : null;
  }

  /** The key. */
  async getToken(): Promise<AccessToken> {
    return { token: this.#key };
  }
}

/** The process's environment; empty where there is none, as in a browser. */
export function environment(): Readonly<Record<string, string | undefined>> {
  const { process } = globalThis as { process?: { env?: Record<string, string | undefined> } };
  return process?.env ?? {};
}
