const numbers = { SIGINT: 2, SIGTERM: 15 } as const;
const brokenPipe = 13;

/** A command was told to leave, which is no failure to speak of: only its exit code is left, 128 and the signal's number. */
export class Left extends Error {
  readonly exitCode: number;

  constructor(signal: number) {
    super('the command was told to leave');
    this.exitCode = 128 + signal;
  }
}

const unread = new AbortController();
const told = new AbortController();

/** Whoever read the output is gone, as `head` is: what only writes ends. */
export function outputUnread(): void {
  unread.abort(new Left(brokenPipe));
}

/** Resolves at the first SIGINT or SIGTERM, with its number; a second one ends the process at once. */
export function firstSignal(): Promise<number> {
  return new Promise((resolve) => void onFirstSignal(resolve));
}

/** What it gives takes its handlers away again. */
function onFirstSignal(take: (signal: number) => void): () => void {
  const release = (): void => {
    for (const signal of Object.keys(numbers)) process.off(signal, first);
  };
  const first = (name: NodeJS.Signals): void => {
    release();
    take(numbers[name === 'SIGINT' ? name : 'SIGTERM']);
  };
  for (const signal of Object.keys(numbers)) process.on(signal, first);
  return release;
}

/** Aborts with a {@link Left} at the first SIGINT or SIGTERM, or when nobody reads the output; a second signal ends the process at once. */
export function leaving(): AbortSignal {
  return leavingUntil().signal;
}

/** The same until it is disposed: from then on signals are for who takes them next. */
export function leavingUntil(): Disposable & { readonly signal: AbortSignal } {
  const release = onFirstSignal((signal) => told.abort(new Left(signal)));
  return { signal: AbortSignal.any([told.signal, unread.signal]), [Symbol.dispose]: release };
}

/** Why a command ended where that is no failure of its own: what it failed with then is only how it was broken off. */
export function leftBecause(error: unknown): Left | undefined {
  if (error instanceof Left) return error;
  return [told, unread].map(({ signal }) => signal.reason).find((reason) => reason instanceof Left);
}

/** For what goes on until it is interrupted: that is its end, and exit code 0. */
export async function untilInterrupted(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  try {
    await work(leaving());
  } catch (error) {
    if (!(error instanceof Left) || unread.signal.aborted) throw error;
  }
}
