import { loaded } from '../loaded.ts';
import { once } from '../once.ts';

/** What of the REST backend is only loaded when it is used: all but the connection, boxes and their commands. */
export const lateRest: () => Promise<typeof import('./late.ts')> = once(() => loaded(() => import('./late.ts')));
