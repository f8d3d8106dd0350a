import { loaded } from './loaded.ts';
import { once } from './once.ts';

/** What of the SDK itself is only loaded when it is used: commands, files, copies, volumes, snapshots, keys, and boxes that were listed. */
export const lateSdk: () => Promise<typeof import('./late.ts')> = once(() => loaded(() => import('./late.ts')));
