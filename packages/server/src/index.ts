export { type App, type AppOptions, createApp } from './app.ts';
export type { ApiKeyOptions, AuthOptions, ClientOptions } from './auth/authenticator.ts';
export type { GrantOptions } from './auth/principal.ts';
export type { Log, LogEntry } from './log.ts';
export { type Listening, type ListenOptions, listen } from './node/listen.ts';
export { openServerStore, type ServerStore } from './store/server-store.ts';
export type { UpgradeSlot } from './terminal/upgrade-slot.ts';
