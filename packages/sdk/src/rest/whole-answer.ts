import { SchemaError, TransportError } from '@boxlite/rest';

const mostBytes = 2 ** 24;
const mostMs = 120_000;

/**
 * An answer that is no stream, with its whole body: so one that breaks off is a failure of its request, which can then be
 * sent again. A `SchemaError` for more than 16 MiB, a `TransportError` for one that takes over two minutes.
 */
export async function wholeAnswer(response: Response): Promise<Response> {
  const { status, headers, body } = response;
  if (body === null) return response;
  const decoder = new TextDecoder();
  let text = '';
  const reader = body.getReader();
  let left = mostBytes;
  // What a Response can only be received with, not made with.
  let failure: Error | undefined = status > 599 ? new SchemaError([{ message: `the status ${status}` }]) : undefined;
  const leave = (error: Error): void => {
    failure ??= error;
    reader.cancel().catch(() => {});
  };
  const late = setTimeout(() => leave(new TransportError(`the answer goes on after ${mostMs / 1000} s`)), mostMs);
  try {
    while (failure === undefined) {
      const { value, done } = await reader.read();
      if (done) break;
      text += decoder.decode(value, { stream: true });
      left -= value.length;
      if (left < 0) leave(new SchemaError([{ message: `the answer goes on after ${mostBytes} bytes` }]));
    }
  } catch (cause) {
    failure ??= new TransportError(`the answer broke off: ${cause}`, { cause });
  } finally {
    clearTimeout(late);
  }
  if (failure) {
    leave(failure);
    throw failure;
  }
  // Without the status's text, which may be anything; and none of nothing, as a 204 may not even have that.
  return new Response(text + decoder.decode() || null, { status, headers });
}
