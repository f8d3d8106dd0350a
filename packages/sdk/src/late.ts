export { apiKeys } from './api-keys.ts';
export { runCommand, startCommand } from './command.ts';
export { copyIn, copyOut } from './copy.ts';
export { Execution } from './execution.ts';
export { boxFiles } from './files.ts';
export { listBoxes } from './list-boxes.ts';
export { listedBox } from './listed-box.ts';
export { snapshots } from './snapshots.ts';
export { volumes } from './volumes.ts';
