export { type Attachment, attach } from './attach.ts';
export { duplexConnection } from './duplex.ts';
export { shareTerminal, terminalSize } from './terminal.ts';
