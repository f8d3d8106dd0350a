import { path, type QueryParams, type ReadEndpoint } from '@boxlite/rest';

/** Media types of manifests that are asked for, in OCI's and in Docker's names. */
const manifestTypes = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');

/** Pulls a manifest by tag or digest (OCI distribution spec, end-3). */
export function getManifest(repository: string, reference: string): ReadEndpoint {
  return {
    method: 'GET',
    path: `v2/${segments(repository)}/manifests/${plain(reference)}`,
    headers: { accept: manifestTypes },
  };
}

/** Pulls a blob from a byte on (OCI distribution spec, end-2). */
export function getBlob(repository: string, digest: string, from = 0): ReadEndpoint {
  return {
    method: 'GET',
    path: `v2/${segments(repository)}/blobs/${plain(digest)}`,
    // fetch would ask for a compressed transfer, and ranges count the bytes of that.
    headers: { 'accept-encoding': 'identity', ...(from > 0 && { range: `bytes=${from}-` }) },
  };
}

/** Asks a token service for a token (Docker Registry token authentication). */
export function getToken(realm: URL, service: string | undefined, scope: string): ReadEndpoint {
  const params: QueryParams = { ...Object.fromEntries(realm.searchParams), service, scope };
  return { method: 'GET', path: realm.pathname, params };
}

/** A tag or a digest as one segment; a colon is legal in one, and not every registry decodes it. */
function plain(reference: string): string {
  return path`${reference}`.replaceAll('%3A', ':');
}

function segments(repository: string): string {
  return repository
    .split('/')
    .map((segment) => path`${segment}`)
    .join('/');
}
