export { restArchives } from './archives.ts';
export { exchangeSecret } from './client-secret.ts';
export { askCapabilities } from './config.ts';
export { restFiles } from './files.ts';
export { restBoxMetrics } from './metrics.ts';
export { restNetwork } from './network.ts';
export { restSnapshots } from './snapshots.ts';
export { restTenant } from './tenant.ts';
