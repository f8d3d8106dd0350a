export { duplexConnection } from './duplex.ts';
