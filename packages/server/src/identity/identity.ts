import { randomBytes } from 'node:crypto';
import { AlreadyExistsError, InvalidArgumentError, NotFoundError, ResourceExhaustedError } from 'boxlite/backend';
import { checkTenant } from '../auth/tenant.ts';
import { type Credential, type NewCredential, operator } from './credential.ts';
import { type CredentialRecords, credentialRecords } from './credential-records.ts';
import { openIdentityDatabase } from './identity-database.ts';
import { hashSecret, matchesHash } from './secret-hash.ts';
import { type SigningKeys, signingKeys } from './signing-keys.ts';

/** Who may use a server, kept in a file that any number of processes may have open: what one does, all see at once. */
export interface Identity extends Disposable {
  /** Makes an API key. Its value is told only here: `blk_live_…`. `AlreadyExistsError` when its owner has the name. */
  createKey(options: NewCredential): Promise<{ readonly credential: Credential; readonly value: string }>;
  /** Makes an OAuth2 client, whose id is the credential's. Its secret is told only here. */
  createClient(options: NewCredential): Promise<{ readonly credential: Credential; readonly secret: string }>;
  /** Those that are not revoked, expired ones among them, oldest first. @default of every owner */
  list(kind: Credential['kind'], owner?: string): readonly Credential[];
  /** Ends a credential, by id or name, from its next use on. `NotFoundError`; `InvalidArgumentError` when owners share the name. */
  revoke(kind: Credential['kind'], idOrName: string, owner?: string): Credential;
  /** As it is now, revoked or not. */
  get(id: string): Credential | undefined;
  /** Whether the secret is that of a credential; it was used, then. */
  matches(id: string, secret: string): Promise<boolean>;
  /** The keys that tokens are signed with. */
  readonly signingKeys: SigningKeys;
  /** Lets go of the file. Twice is fine. */
  close(): void;
}

const mostOfOneOwner = 1000;

/** The parts of an API key's value: `blk_live_`, 16 characters that name it, 32 that are secret. */
export function keyParts(value: string): { readonly id: string; readonly secret: string } | undefined {
  const match = /^blk_live_([0-9a-f]{16})([\w-]{32})$/.exec(value);
  return match?.[1] && match[2] ? { id: `key-${match[1]}`, secret: match[2] } : undefined;
}

/** Opens a file with credentials and signing keys, made when it is not there. `StorageError`. */
export function openIdentity(path: string, nowMs: () => number = Date.now): Identity {
  const database = openIdentityDatabase(path);
  const records = credentialRecords(database);

  async function create(kind: Credential['kind'], options: NewCredential, secret: string): Promise<Credential> {
    const { name, tenants, permissions, createdBy, expiresAtMs } = options;
    const id = `${kind}-${randomBytes(8).toString('hex')}`;
    for (const tenant of tenants ?? []) checkTenant(tenant);
    if (tenants?.length === 0) throw new InvalidArgumentError('a credential must belong to at least one tenant');
    const owner = tenants?.length === 1 ? (tenants[0] ?? operator) : operator;
    const hash = await hashSecret(secret);
    const credential: Credential = {
      ...{ id, kind, name, owner, tenants, permissions, createdBy, root: options.root ?? id },
      ...{ createdAtMs: nowMs(), expiresAtMs, revokedAtMs: undefined, usedAtMs: undefined },
    };
    insert(records, credential, hash);
    return credential;
  }
  function close(): void {
    if (database.isOpen) database.close();
  }
  return {
    async createKey(options) {
      const secret = randomBytes(24).toString('base64url');
      const credential = await create('key', options, secret);
      return { credential, value: `blk_live_${credential.id.slice('key-'.length)}${secret}` };
    },
    async createClient(options) {
      const secret = randomBytes(24).toString('base64url');
      return { credential: await create('client', options, secret), secret };
    },
    list: (kind, owner) => records.list(kind, owner),
    revoke(kind, idOrName, owner) {
      const found = records.list(kind, owner).filter(({ id, name }) => id === idOrName || name === idOrName);
      const [credential] = found;
      if (credential === undefined) throw new NotFoundError(`no API ${kind} is named ${JSON.stringify(idOrName)}`);
      if (found.length > 1) {
        const ids = found.map(({ id }) => id).join(', ');
        throw new InvalidArgumentError(
          `${found.length} are named ${JSON.stringify(idOrName)}: choose one by id, ${ids}`,
        );
      }
      records.revoke(credential.id, nowMs());
      return credential;
    },
    get: (id) => records.get(id),
    async matches(id, secret) {
      const hash = records.hash(id);
      if (hash === undefined || !(await matchesHash(secret, hash))) return false;
      note(records, id, nowMs());
      return true;
    },
    signingKeys: signingKeys(database, nowMs),
    close,
    [Symbol.dispose]: close,
  };
}

function insert(records: CredentialRecords, credential: Credential, hash: string): void {
  const { kind, name, owner } = credential;
  const others = records.list(kind, owner);
  if (others.some((other) => other.name === name)) {
    throw new AlreadyExistsError(
      `there is one named ${JSON.stringify(name)} already; revoke it or choose another name`,
    );
  }
  if (others.length >= mostOfOneOwner) {
    throw new ResourceExhaustedError(`there are ${mostOfOneOwner} already, which is the most; revoke one first`);
  }
  records.insert(credential, hash);
}

/** When something was used is no reason to refuse its use, as on a full disk. */
function note(records: CredentialRecords, id: string, nowMs: number): void {
  try {
    records.used(id, nowMs);
  } catch {
    // The next use says it.
  }
}
