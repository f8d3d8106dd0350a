import { HttpError } from '../http/http-error.ts';

/** The refusal of a request whose sender is not known; `given` when there was a credential. */
export function unauthorized(message: string, given = false): HttpError {
  const challenge = `Bearer realm="boxlite"${given ? ', error="invalid_token"' : ''}`;
  return new HttpError(401, 'UnauthorizedError', message, { 'www-authenticate': challenge });
}
