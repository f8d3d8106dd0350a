import type { Duplex } from 'node:stream';
import { errorAnswer, errorBody } from '../http/error-answer.ts';
import { HttpError } from '../http/http-error.ts';
import { requestId } from '../http/request-id.ts';

/** What the server says to bytes that are no HTTP request: the envelope by hand, then the connection ends. */
export function answerBadRequest(error: Error, socket: Duplex): void {
  if (!socket.writable || errorCode(error) === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const id = requestId(undefined);
  const answer = errorAnswer(refused(errorCode(error)), id);
  const body = JSON.stringify(errorBody(answer, 2));
  const head = [
    `HTTP/1.1 ${answer.status} Refused`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Request-Id: ${id}`,
    'X-Content-Type-Options: nosniff',
    'Cache-Control: no-store',
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

function refused(code: string | undefined): HttpError {
  if (code === 'HPE_HEADER_OVERFLOW') return new HttpError(431, 'InvalidArgumentError', 'the headers are too large');
  if (code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW') {
    return new HttpError(413, 'PayloadTooLargeError', 'the chunk extensions are too large');
  }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return new HttpError(408, 'TimeoutError', 'the request did not come in time');
  }
  return new HttpError(400, 'InvalidArgumentError', 'malformed HTTP request');
}

function errorCode(error: Error): string | undefined {
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
