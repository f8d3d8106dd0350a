import { signal } from '@preact/signals';
import type { Boxlite, RuntimeEvent } from 'boxlite';
import { said } from './session.ts';
import { waited, whenVisible, whileVisible } from './visible.ts';

type Listener = (events: readonly RuntimeEvent[]) => void;

/** Why what is shown is not live; empty while it is. */
export const liveTrouble = signal('');

const listeners = new Set<Listener>();
const togetherMs = 150;

/** Calls with what became of boxes, several at a time; `open` and `reset` say to ask anew. Gives what ends it. */
export function onBoxEvents(listener: Listener): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/** Follows the boxes of a runtime while the page is visible, over one connection. Gives what ends it. */
export function followBoxes(runtime: Boxlite): () => void {
  const ending = new AbortController();
  const tell = together();
  void follow(runtime, ending.signal, tell);
  return () => ending.abort();
}

async function follow(runtime: Boxlite, ending: AbortSignal, tell: (event: RuntimeEvent) => void): Promise<void> {
  let after: string | undefined;
  while (!ending.aborted) {
    await whenVisible(ending);
    const seen = whileVisible(ending);
    try {
      for await (const event of runtime.events({ after, signal: seen })) {
        liveTrouble.value = '';
        after = event.id;
        tell(event);
      }
    } catch (error) {
      if (!seen.aborted) {
        liveTrouble.value = said(error);
        await waited(5000, ending);
      }
    } finally {
      seen[Symbol.dispose]();
    }
  }
}

/** Tells listeners of events that come close together at once. */
function together(): (event: RuntimeEvent) => void {
  let gathered: RuntimeEvent[] = [];
  return (event) => {
    gathered.push(event);
    if (gathered.length > 1) return;
    setTimeout(() => {
      const events = gathered;
      gathered = [];
      for (const listener of listeners) listener(events);
    }, togetherMs);
  };
}
