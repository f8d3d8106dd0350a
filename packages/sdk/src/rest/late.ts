export { restAccount } from './account.ts';
export { restArchives, restImport } from './archives.ts';
export { exchangeSecret } from './client-secret.ts';

export { askCapabilities, restConfig } from './config.ts';
export { readEvents } from './events.ts';
export { restFiles } from './files.ts';
export { getOrCreate } from './get-or-create.ts';
export { restImages } from './images.ts';
export { restBoxMetrics, restMetrics } from './metrics.ts';
export { restNetwork } from './network.ts';
export { restSnapshots } from './snapshots.ts';
export { restVolumes } from './volumes.ts';
