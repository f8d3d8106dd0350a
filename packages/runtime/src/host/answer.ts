import { InternalError } from 'boxlite/backend';

/** What comes back on the channel of the host program; READY and LOCKED only as the first frame. */
export type HostAnswer =
  | { readonly kind: 'ready'; readonly pid: number }
  | { readonly kind: 'locked'; readonly note: string }
  | { readonly kind: 'done'; readonly payload: Buffer }
  | { readonly kind: 'failed'; readonly errno: number; readonly message: string }
  | {
      readonly kind: 'exited';
      readonly exitCode: number;
      readonly signal: number;
      readonly timedOut: boolean;
      readonly stdout: string;
      readonly stderr: string;
    };

const headBytes = 9;
const payloadLimit = 1024 * 1024;

function textAt(payload: Buffer, at: number): { readonly text: string; readonly end: number } {
  const end = at + 4 + payload.readUInt32LE(at);
  if (end > payload.length) throw new RangeError('string out of bounds');
  return { text: payload.toString('utf8', at + 4, end), end };
}

function parse(type: number, payload: Buffer): HostAnswer {
  switch (type) {
    case 64:
      return { kind: 'ready', pid: payload.readUInt32LE(0) };
    case 65:
      return { kind: 'locked', note: textAt(payload, 4).text };
    case 66:
      return { kind: 'done', payload: Buffer.from(payload) };
    case 67:
      return { kind: 'failed', errno: payload.readUInt32LE(0), message: textAt(payload, 4).text };
    case 68: {
      const stdout = textAt(payload, 9);
      return {
        kind: 'exited',
        exitCode: payload.readUInt32LE(0),
        signal: payload.readUInt32LE(4),
        timedOut: payload.readUInt8(8) !== 0,
        stdout: stdout.text,
        stderr: textAt(payload, stdout.end).text,
      };
    }
    default:
      throw new RangeError(`unknown type ${type}`);
  }
}

/** Cuts a byte stream into answers and hands each on with its request's id. Throws `InternalError` on anything malformed. */
export function answerReader(take: (id: number, answer: HostAnswer) => void): (bytes: Buffer) => void {
  let kept: Buffer = Buffer.alloc(0);
  return (bytes) => {
    kept = kept.length === 0 ? bytes : Buffer.concat([kept, bytes]);
    while (kept.length >= headBytes) {
      const length = kept.readUInt32LE(0);
      if (length > payloadLimit) throw new InternalError(`the host program sent a frame of ${length} bytes`);
      if (kept.length < headBytes + length) return;
      const id = kept.readUInt32LE(4);
      let answer: HostAnswer;
      try {
        answer = parse(kept.readUInt8(8), kept.subarray(headBytes, headBytes + length));
      } catch (cause) {
        throw new InternalError('the host program sent a malformed answer', { cause });
      }
      kept = kept.subarray(headBytes + length);
      take(id, answer);
    }
  };
}
