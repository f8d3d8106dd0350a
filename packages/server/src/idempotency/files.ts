import { AlreadyExistsError, NotFoundError } from 'boxlite/backend';
import type { Attempt } from './attempt.ts';

/** Looks whether something is at a path; `NotFoundError` where nothing is. */
type Look = () => Promise<unknown>;

/** Removes what a path leads to; where an earlier try of this request found it there, that it is gone now is no refusal. */
export async function removeOnce(attempt: Attempt | undefined, look: Look, remove: () => Promise<void>): Promise<void> {
  const note = (): void => attempt?.noteRemoval({});
  await once(attempt, async () => (await seen(look)) === true, note, remove, NotFoundError);
}

/** Makes what may not be there yet; where an earlier try of this request found nothing, that it is there now is no refusal. */
export async function makeOnce(attempt: Attempt | undefined, look: Look, make: () => Promise<void>): Promise<void> {
  const note = (): void => attempt?.note({});
  await once(attempt, async () => (await seen(look)) === false, note, make, AlreadyExistsError);
}

async function once(
  attempt: Attempt | undefined,
  ahead: () => Promise<boolean>,
  note: () => void,
  act: () => Promise<void>,
  Done: typeof NotFoundError | typeof AlreadyExistsError,
): Promise<void> {
  if (attempt && !attempt.former && (await ahead())) note();
  try {
    await act();
  } catch (error) {
    if (!(attempt?.former && error instanceof Done)) throw error;
  }
}

/** Undefined where nobody can tell: then the work itself says what is wrong. */
async function seen(look: Look): Promise<boolean | undefined> {
  try {
    await look();
    return true;
  } catch (error) {
    return error instanceof NotFoundError ? false : undefined;
  }
}
