import { PayloadTooLargeError } from 'boxlite/backend';
import { HttpError } from './http-error.ts';

/** Most bytes of a JSON or form body: 1 MiB. */
export const bodyLimitBytes: number = 1024 * 1024;
const bodyTimeoutMs = 30_000;

/** The whole body as UTF-8 text; 413 above 1 MiB, 408 when it has not come within 30 s, 400 when it is not UTF-8. */
export async function readText(request: Request): Promise<string> {
  const bytes = await readBytes(request);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new HttpError(400, 'InvalidArgumentError', 'the body is not valid UTF-8');
  }
}

/** The whole body; 413 above 1 MiB, 408 when it has not come within 30 s. */
export async function readBytes(request: Request): Promise<Uint8Array> {
  if (Number(request.headers.get('content-length') ?? 0) > bodyLimitBytes) throw tooLarge();
  return request.body ? await readAll(request.body) : new Uint8Array();
}

async function readAll(body: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const reader = body.getReader();
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    reader.cancel().catch(() => {});
  }, bodyTimeoutMs);
  const pieces: Uint8Array[] = [];
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (late) throw new HttpError(408, 'TimeoutError', `the body did not come within ${bodyTimeoutMs / 1000} s`);
      if (done) return pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces, length);
      length += value.byteLength;
      if (length > bodyLimitBytes) throw tooLarge();
      pieces.push(value);
    }
  } catch (error) {
    reader.cancel().catch(() => {});
    if (error instanceof HttpError || error instanceof PayloadTooLargeError) throw error;
    throw new HttpError(400, 'InvalidArgumentError', 'the body broke off before its end');
  } finally {
    clearTimeout(timer);
  }
}

function tooLarge(): PayloadTooLargeError {
  return new PayloadTooLargeError(`the body is larger than ${bodyLimitBytes} bytes; send files by uploadFiles`);
}
