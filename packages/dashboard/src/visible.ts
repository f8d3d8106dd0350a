import { signal } from '@preact/signals';

const isVisible = (): boolean => document.visibilityState === 'visible';

/** Whether anybody can see the page: streams and polls stop while nobody can. */
export const visible = signal(isVisible());

/** Follows it from now on. */
export function followVisibility(): void {
  document.addEventListener('visibilitychange', () => {
    visible.value = isVisible();
  });
}

/** Resolves once the page is visible, at once where it is; an abort resolves it, too. */
export function whenVisible(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    let stop: (() => void) | undefined;
    const done = (): void => {
      resolve();
      signal.removeEventListener('abort', done);
      queueMicrotask(() => stop?.());
    };
    signal.addEventListener('abort', done, { once: true });
    stop = visible.subscribe((now) => {
      if (now || signal.aborted) done();
    });
  });
}

/** A signal that aborts with the given one, or as soon as nobody can see the page. */
export function whileVisible(signal: AbortSignal): AbortSignal & Disposable {
  const hidden = new AbortController();
  const stop = visible.subscribe((now) => {
    if (!now) hidden.abort();
  });
  return Object.assign(AbortSignal.any([signal, hidden.signal]), { [Symbol.dispose]: stop });
}

/** Waits; an abort ends it early and is no error. */
export function waited(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
    if (signal.aborted) done();
  });
}
