// Imported by the program that a page's blocks make: tells the harness where one block ends, and waits until the next may begin.
import process from 'node:process';

/** Stands in the output between blocks. */
export const mark = '\0';

/** Says that a block has ended. But for the last one of a program, waits for the harness. */
export async function blockEnded(last: boolean): Promise<void> {
  process.stdout.write(mark);
  if (last) return;
  // While nobody listens the channel does not keep the program alive.
  await new Promise<void>((resolve) => {
    process.once('message', () => resolve());
    process.once('disconnect', () => process.exit(1));
  });
  process.removeAllListeners('disconnect');
}
