import { InternalError, NetworkError } from '../errors.ts';

/** The part of a file that was asked for; without a length all that follows. */
export interface AskedPart {
  readonly offset: number;
  readonly length: number | undefined;
}

/** What an answer with content of a file says of it. */
export interface SaidContent {
  /** Of the file, in bytes; undefined where the answer does not tell. */
  readonly size: number | undefined;
  /** Whether all of the file comes, or only what was asked for. */
  readonly whole: boolean;
}

/**
 * Holds an answer against what was asked. All of a file where a part was asked for will do, as servers and proxies need
 * not know ranges (RFC 9110, 14.2); another part is an `InternalError`.
 */
export function saidContent(path: string, asked: AskedPart, { status, headers }: Response): SaidContent {
  const { offset, length } = asked;
  const wrong = (what: string): InternalError =>
    new InternalError(`the server answered with ${what} to ${length ?? 'all'} bytes from ${offset} on of ${path}`);
  const encoded = !/^(?:identity)?$/i.test(headers.get('content-encoding') ?? '');
  const told = wholeNumber(headers.get('content-length'));
  // A length of what a proxy has compressed is not that of the file.
  if (status === 200) return { size: encoded ? undefined : told, whole: true };
  if (status !== 206 || (offset === 0 && length === undefined)) throw wrong(`status ${status}`);
  const range = headers.get('content-range');
  const [, first, end, size] = (/^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/.exec(range ?? '') ?? []).map(Number);
  if (encoded || first === undefined || end === undefined || size === undefined) throw wrong(`the range ${range}`);
  const given = end - first + 1;
  if (first !== offset || given < 1 || given !== bytesThere(asked, size) || given !== (told ?? given))
    throw wrong(`${range} of ${told ?? given} bytes`);
  return { size, whole: false };
}

/** The bytes that were asked for of a body: `NetworkError` where it ends before them, `InternalError` where it is longer than the file. */
export function askedBytes(
  body: ReadableStream<Uint8Array>,
  path: string,
  asked: AskedPart,
  { size, whole }: { readonly size: number; readonly whole: boolean },
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  let left = bytesThere(asked, size);
  let before = whole ? asked.offset : 0;
  const rest = whole ? Math.max(0, size - asked.offset - left) : 0;
  const after = left === 0 ? Number.POSITIVE_INFINITY : rest;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        for (;;) {
          if (left === 0 && after > 0) {
            reader.cancel().catch(() => {});
            return controller.close();
          }
          const { done, value } = await reader.read();
          if (done && left === 0) return controller.close();
          if (done) throw new NetworkError(`the download of ${path} broke off ${left} bytes before its end`);
          const fresh = value.subarray(Math.min(before, value.length));
          before -= value.length - fresh.length;
          if (fresh.length > left + after) {
            const error = new InternalError(`the server sent more of ${path} than it said`);
            reader.cancel(error).catch(() => {});
            throw error;
          }
          const wanted = fresh.subarray(0, left);
          left -= wanted.length;
          if (wanted.length > 0) return controller.enqueue(wanted);
        }
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

/** How many bytes of what was asked for a file of a size has. */
function bytesThere({ offset, length }: AskedPart, size: number): number {
  return Math.min(Math.max(0, size - offset), length ?? Number.POSITIVE_INFINITY);
}

function wholeNumber(text: string | null): number | undefined {
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
