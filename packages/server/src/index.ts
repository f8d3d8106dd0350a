export { type App, type AppOptions, createApp } from './app.ts';
export type { ApiKeyOptions, AuthOptions, ClientOptions } from './auth/authenticator.ts';
export type { GrantOptions } from './auth/principal.ts';
export type { Log, LogEntry } from './log.ts';
export { type LineLog, type LogLevel, lineLog } from './logging/pino-log.ts';
export type { TlsOptions } from './node/certificate.ts';
export type { ConnectionLimits } from './node/connection-limits.ts';
export { type Listening, type ListenOptions, listen } from './node/listen.ts';
export type { UpgradeSlot } from './terminal/upgrade-slot.ts';
