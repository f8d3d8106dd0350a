import { HttpError } from './http-error.ts';

/** Refuses with 415 unless the request's `Content-Type` is the one given, in UTF-8 where it names a charset. */
export function requireMediaType(request: Request, wanted: string): void {
  const given = request.headers.get('content-type');
  const [type = '', ...parameters] = (given ?? '').split(';').map((part) => part.trim().toLowerCase());
  const charset = parameters.find((parameter) => parameter.startsWith('charset='))?.slice('charset='.length);
  const readable = charset === undefined || /^"?utf-?8"?$/.test(charset);
  if (type === wanted && readable) return;
  const got = given === null ? 'none' : JSON.stringify(given.slice(0, 100));
  throw new HttpError(415, 'InvalidArgumentError', `Content-Type must be ${wanted} in UTF-8; got ${got}`);
}
