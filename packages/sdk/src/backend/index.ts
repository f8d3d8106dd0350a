export * from '../errors.ts';
export type * from './backend.ts';
export type * from './box-options.ts';
export type * from './info.ts';
export type * from './local-options.ts';
