import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

// Memory of chunks lies outside the heap, so that a flood of them leaves next to nothing in it to collect: V8 then waits until
// 64 MiB have gathered and marks the whole heap, over and over, which costs more than the output itself. A look at the young
// objects alone, well before that, lets go of every chunk that its reader is done with, and the next ones lie in the
// same, still warm memory.
const betweenBytes = 4 * 1024 * 1024;
let given = 0;
let collectYoung: (() => void) | undefined;

function findCollector(): () => void {
  try {
    setFlagsFromString('--expose-gc');
    const collect: unknown = runInNewContext('gc');
    setFlagsFromString('--no-expose-gc');
    if (typeof collect === 'function')
      // There is next to nothing to look at: waiting for threads to help takes longer than the look itself.
      return () => {
        setFlagsFromString('--no-parallel-scavenge');
        collect({ type: 'minor' });
        setFlagsFromString('--parallel-scavenge');
      };
  } catch {
    // A Node that does not give it away is slower, and nothing else.
  }
  return () => {};
}

/** To be told of every chunk of output that is made for a reader to keep, in bytes. */
export function madeForReader(bytes: number): void {
  given += bytes;
  if (given < betweenBytes) return;
  given = 0;
  collectYoung ??= findCollector();
  collectYoung();
}
