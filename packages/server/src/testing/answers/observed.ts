import { join } from 'node:path';

/** What a Node that serves is started with, so that its answers are held to the contract: what is wrong fails the run of the tests. */
export const observed: readonly string[] = ['--import', join(import.meta.dirname, 'observed-process.ts')];
