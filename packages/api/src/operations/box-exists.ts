import { type Endpoint, path } from '@boxlite/rest';

/** Parameters of {@link boxExists}. */
export interface BoxExistsOptions {
  /** Id or name. */
  readonly box: string;
}

/** Whether there is such a box. Answers 204, or 404 without a body. */
export function boxExists({ box }: BoxExistsOptions): Endpoint {
  return { method: 'HEAD', path: path`/boxes/${box}` };
}
