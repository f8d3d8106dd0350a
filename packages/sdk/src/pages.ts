import { InternalError } from './errors.ts';

/** A page of a list, and where the next begins; undefined on the last. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | undefined;
}

const mostItems = 1_000_000;
const mostEmptyPages = 100;

/**
 * What is on all pages, each asked for when the loop gets there. `InternalError` for a list that does not end: after a
 * million items, or a hundred pages without one.
 */
export async function* pages<T>(
  ask: (token: string | undefined) => Promise<Page<T>>,
): AsyncGenerator<readonly T[], void, undefined> {
  let left = mostItems;
  let empty = 0;
  for (let token: string | undefined; ; ) {
    const { items, next } = await ask(token);
    yield items;
    // A server that repeats its token would never end.
    if (next === undefined || next === token) return;
    token = next;
    left -= items.length;
    empty = items.length === 0 ? empty + 1 : 0;
    if (left < 0 || empty > mostEmptyPages) throw new InternalError('the list that the server gives does not end');
  }
}
