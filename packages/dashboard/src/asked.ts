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

/** Asks, and asks again whenever something of `about` changes, and every `everyMs` while the page is visible. */
export function useAsked<T>(
  ask: (signal: AbortSignal) => Promise<T>,
  about: readonly unknown[],
  everyMs?: number,
): Asked<T> {
  const [value, setValue] = useState<T>();
  const [error, setError] = useState('');
  const [count, setCount] = useState(0);
  useEffect(() => {
    const ending = new AbortController();
    const loop = async (): Promise<void> => {
      do {
        await whenVisible(ending.signal);
        const seen = whileVisible(ending.signal);
        try {
          const answer = await ask(seen);
          if (ending.signal.aborted) return;
          setValue(() => answer);
          setError('');
        } catch (thrown) {
          if (ending.signal.aborted) return;
          if (!seen.aborted) setError(said(thrown));
        } finally {
          seen[Symbol.dispose]();
        }
        if (everyMs !== undefined) await waited(everyMs, ending.signal);
      } while (everyMs !== undefined && !ending.signal.aborted);
    };
    void loop();
    return () => ending.abort();
  }, [...about, count]);
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
