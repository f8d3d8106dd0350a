import { type Endpoint, path } from '@boxlite/rest';

/** The server's defaults and limits; needs no credential. Answers 200 with a `SandboxConfig`. */
export function getConfig(): Endpoint {
  return { method: 'GET', base: 'instance', path: path`/config` };
}
