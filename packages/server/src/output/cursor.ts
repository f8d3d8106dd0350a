import { InvalidArgumentError, type OutputCursor } from 'boxlite/backend';

/** Reads `Last-Event-ID`, `<stdout>.<stderr>` in bytes; without one, the beginning. */
export function readCursor(lastEventId: string | null): OutputCursor {
  if (lastEventId === null || lastEventId === '') return { stdout: 0, stderr: 0 };
  const match = /^([0-9]{1,15})\.([0-9]{1,15})$/.exec(lastEventId);
  if (!match) {
    const got = JSON.stringify(lastEventId.slice(0, 100));
    throw new InvalidArgumentError(`Last-Event-ID must be <stdout bytes>.<stderr bytes>, such as 120.0; got ${got}`);
  }
  return { stdout: Number(match[1]), stderr: Number(match[2]) };
}
