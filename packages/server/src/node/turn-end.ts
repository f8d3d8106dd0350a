let end: Promise<void> | undefined;

/**
 * Resolves once all that came in this turn of the event loop has been looked at. Whole answers wait for it: each write
 * wakes its client, which on a busy machine takes the processor from the server; those of one turn wake it once.
 */
export function turnEnd(): Promise<void> {
  end ??= new Promise((resolve) => {
    setImmediate(() => {
      end = undefined;
      resolve();
    });
  });
  return end;
}
