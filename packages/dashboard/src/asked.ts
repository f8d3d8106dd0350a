import { NetworkError } from 'boxlite';
import { useEffect, useRef, useState } from 'preact/hooks';
import { said } from './session.ts';
import { waited, whenVisible, whileVisible } from './visible.ts';

/** What was asked of the server, as far as it has come. */
export interface Asked<T> {
  /** Undefined until the first answer. */
  readonly value: T | undefined;
  /** Empty when the last question was answered. */
  readonly error: string;
  /** Asks again. */
  again(): void;
}

interface State<T> {
  readonly about: readonly unknown[];
  readonly value: T | undefined;
  readonly error: string;
}

/** So long after a server that did not answer it is asked again. */
export const againMs = 3000;

const same = (a: readonly unknown[], b: readonly unknown[]): boolean => a.every((one, at) => one === b[at]);

/** Asks, and asks again whenever something of `about` changes, after no answer, and every `everyMs` while the page is visible. */
export function useAsked<T>(
  ask: (signal: AbortSignal) => Promise<T>,
  about: readonly unknown[],
  everyMs?: number,
): Asked<T> {
  const [state, setState] = useState<State<T>>({ about, value: undefined, error: '' });
  const [count, setCount] = useState(0);
  useEffect(() => {
    const ending = new AbortController();
    const loop = async (): Promise<void> => {
      for (let pauseMs = everyMs; !ending.signal.aborted; pauseMs = everyMs) {
        await whenVisible(ending.signal);
        const seen = whileVisible(ending.signal);
        try {
          const answer = await ask(seen);
          if (ending.signal.aborted) return;
          setState({ about, value: answer, error: '' });
        } catch (thrown) {
          if (ending.signal.aborted) return;
          // Nobody saw the answer, or there was none: neither is the last word.
          if (seen.aborted) pauseMs = 0;
          else if (thrown instanceof NetworkError) pauseMs ??= againMs;
          if (!seen.aborted) {
            const error = said(thrown);
            setState((before) => ({ about, value: same(before.about, about) ? before.value : undefined, error }));
          }
        } finally {
          seen[Symbol.dispose]();
        }
        if (pauseMs === undefined) return;
        await waited(pauseMs, ending.signal);
      }
    };
    void loop();
    return () => ending.abort();
  }, [...about, count]);
  // What was asked about something else is no answer.
  const { value, error } = same(state.about, about) ? state : { value: undefined, error: '' };
  return { value, error, again: () => setCount((before) => before + 1) };
}

/** Something that a user does. */
export interface Doing {
  readonly busy: boolean;
  /** Why the last one failed; empty otherwise. */
  readonly error: string;
  /** Does it unless one is under way; whether it went well. */
  run(what: () => Promise<void>): Promise<boolean>;
}

/** Keeps what a user does, one thing at a time. */
export function useDoing(): Doing {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState('');
  const under = useRef(false);
  return {
    busy,
    error,
    async run(what) {
      if (under.current) return false;
      under.current = true;
      setBusy(true);
      setError('');
      try {
        await what();
        return true;
      } catch (thrown) {
        setError(said(thrown));
        return false;
      } finally {
        under.current = false;
        setBusy(false);
      }
    },
  };
}
