import { randomUUID } from 'node:crypto';

/** The client's `X-Request-Id` when it is 1 to 128 letters, digits, dots, underscores or hyphens; a new UUID otherwise. */
export function requestId(given: string | null | undefined): string {
  return given && /^[A-Za-z0-9._-]{1,128}$/.test(given) ? given : randomUUID();
}
