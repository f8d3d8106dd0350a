export * from '../errors.ts';
export { joinConnections } from '../tunnel/join.ts';
export { type TunnelEnd, type TunnelWire, tunnelEnd, tunnelWindowBytes } from '../tunnel/tunnel-end.ts';
export type * from './account.ts';
export type * from './backend.ts';
export type * from './box-options.ts';
export type * from './info.ts';
export type * from './local-options.ts';
export type * from './network.ts';
