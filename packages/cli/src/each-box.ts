import { BoxliteError } from 'boxlite/backend';
import { reportFailure } from './failure.ts';

/** Does the same to several boxes, printing each name that went well; those that fail do not stop the others. */
export async function eachBox(names: readonly string[], work: (name: string) => Promise<void>): Promise<void> {
  for (const name of names) {
    try {
      await work(name);
      process.stdout.write(`${name}\n`);
    } catch (error) {
      if (!(error instanceof BoxliteError)) throw error;
      process.exitCode = reportFailure(error, false);
    }
  }
}
