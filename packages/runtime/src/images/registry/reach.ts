import { lookup as systemLookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { type ImageRegistryOptions, PermissionError, type RegistryPolicyOptions } from 'boxlite/backend';
import { canonicalRegistry, defaultRegistry } from '../reference.ts';
import { isPublicAddress } from './public-address.ts';

/** One connection that the pull of an image wants to make. */
export interface Hop {
  readonly url: URL;
  /** The registry's own host; any other is one that the registry leads to, by a redirect or for a token. */
  readonly registry: string;
  /** Whether whoever led there is at a public address; undefined where nobody did yet. */
  readonly ledByPublic?: boolean | undefined;
}

/** Which places the runtime connects to for images. */
export interface Reach {
  /**
   * The lookup for a connection: what it answers is what is connected to, so that a name cannot mean another address a
   * moment later. `PermissionError` here for a host, or from the lookup for a name, that may not be reached.
   */
  lookup(hop: Hop): LookupFunction;
}

/**
 * What the operator configured may be anywhere; anything else that is asked for by name must be public where the policy
 * says so, and where a public registry leads to must be public always.
 */
export function registryReach(
  registries: readonly ImageRegistryOptions[],
  { addresses = 'any', hosts }: RegistryPolicyOptions = {},
  resolve: LookupFunction = systemLookup,
): Reach {
  const configured = new Set(
    [...registries.flatMap(({ host, mirrors = [] }) => [host, ...mirrors]), ...(hosts ?? [])].map(networkHost),
  );

  function mayBeAnywhere({ url, registry, ledByPublic }: Hop): boolean {
    if (configured.has(url.host)) return true;
    if (addresses === 'public') return false;
    return url.host === registry ? ledByPublic !== true : ledByPublic === false;
  }

  return {
    lookup(hop) {
      const { url, registry } = hop;
      if (hosts && url.host === registry && !configured.has(registry)) {
        throw new PermissionError(
          `registry ${registry} is refused: images come only from ${[...configured].join(', ')} here; use one of them, or have the operator add it (--allow-registry, registryPolicy)`,
        );
      }
      if (mayBeAnywhere(hop)) return resolve;
      const name = url.hostname.replace(/^\[(.*)\]$/, '$1');
      if (isIP(name) !== 0 && !isPublicAddress(name)) throw refusal(hop);
      return (hostname, options, callback) => {
        resolve(hostname, { ...options, all: true }, (error, found) => {
          if (error) return callback(error, '', 0);
          const all = typeof found === 'string' ? [{ address: found, family: isIP(found) }] : found;
          const allowed = all.filter(({ address }) => isPublicAddress(address));
          const [first] = allowed;
          if (!first) return callback(refusal(hop), '', 0);
          if (options.all) callback(null, allowed);
          else callback(null, first.address, first.family);
        });
      };
    },
  };
}

/** Does not say where the name leads: whoever asks may not be allowed to know. */
function refusal({ url, registry }: Hop): PermissionError {
  const what = url.host === registry ? `registry ${registry}` : `${url.host}, to which registry ${registry} leads,`;
  return new PermissionError(
    `${what} is refused: it is not at a public address; the operator can allow it by configuring ${url.host} as a registry (--registry, imageRegistries)`,
  );
}

/** The host and port under which a registry is reached, without a port that goes without saying. */
function networkHost(host: string): string {
  const name = canonicalRegistry(host);
  const url = URL.parse(`https://${name === defaultRegistry ? 'registry-1.docker.io' : name}/`);
  return url?.host ?? name;
}
