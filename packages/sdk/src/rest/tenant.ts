import type { AccountBackend } from '../backend/account.ts';
import type { RuntimeBackend } from '../backend/backend.ts';
import { restAccount } from './account.ts';
import { restImport } from './archives.ts';
import { restConfig } from './config.ts';
import type { Connection } from './connection.ts';
import { readEvents } from './events.ts';
import { restImages } from './images.ts';
import { restMetrics } from './metrics.ts';
import { restVolumes } from './volumes.ts';

/** What a tenant of a server has beside its boxes. */
export function restTenant(connection: Connection): Pick<
  RuntimeBackend,
  'metrics' | 'config' | 'check' | 'importBox' | 'events' | 'images' | 'volumes'
> & {
  readonly account: AccountBackend;
} {
  return {
    ...restMetrics(connection),
    ...restConfig(connection),
    ...restImport(connection),
    events: (options) => readEvents(connection, options),
    images: restImages(connection),
    volumes: restVolumes(connection),
    account: restAccount(connection),
  };
}
