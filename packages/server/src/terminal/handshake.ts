import { HttpError } from '../http/http-error.ts';

const upgrade = { upgrade: 'websocket', connection: 'Upgrade' };

/** The refusal of a request that came over a connection which cannot become a WebSocket. */
export function noUpgrade(): HttpError {
  return new HttpError(426, 'InvalidArgumentError', 'this connection cannot become a WebSocket', upgrade);
}

/** Refuses what the WebSocket handshake would refuse (RFC 6455, section 4.2.1), before a command is started for it. */
export function checkHandshake(headers: Headers): void {
  if (headers.get('upgrade')?.toLowerCase() !== 'websocket') {
    throw new HttpError(426, 'InvalidArgumentError', 'a terminal is a WebSocket: send Upgrade: websocket', upgrade);
  }
  if (headers.get('sec-websocket-version') !== '13') {
    const message = 'Sec-WebSocket-Version must be 13';
    throw new HttpError(426, 'InvalidArgumentError', message, { ...upgrade, 'sec-websocket-version': '13' });
  }
  if (!/^[+/0-9A-Za-z]{22}==$/.test(headers.get('sec-websocket-key') ?? '')) {
    throw new HttpError(400, 'InvalidArgumentError', 'Sec-WebSocket-Key must be 16 bytes in base64');
  }
}
