import type { EventDecoder, EventMessage } from '@boxlite/rest';

const LF = 10;
const equals = '='.charCodeAt(0);
const startOfHead = 'i'.charCodeAt(0);
const head = /^id: (\d{1,16}\.\d{1,16})\nevent: (std(?:out|err))\ndata: \{"data":"/;
const headBytes = 80;
const heads = ['stdout', 'stderr'].map((name) => `id: 0.0\nevent: ${name}\ndata: {"data":"`);
const tail = [...'"}\n\n'].map((character) => character.charCodeAt(0));
// Decoding is had from texts only: short ones stay in the processor's cache. A multiple of four.
const textLength = 32_768;
const mostKeptBytes = 2 ** 24;

/**
 * Decodes the `stdout` and `stderr` events of an execution's output from their bytes, with no text of the whole and no
 * JSON between: `value` are the bytes. Only the very shape that servers of this project write; every
 * other event is left to the plain decoder, so that what comes out differs in speed alone.
 */
export function outputDecoder(plain: EventDecoder): EventDecoder {
  // What is not complete, at the beginning of memory that is used again and again.
  let memory = Buffer.alloc(0);
  let kept = 0;
  // How much of that is known to hold no end.
  let searched = 0;
  // Within an event that the plain decoder has the beginning of; and whether the last byte that it had ended a line.
  let leaving = false;
  let lineEnded = false;

  /** Gives the plain decoder all up to the next empty line; how far that is. */
  function leave(bytes: Buffer<ArrayBuffer>, from: number, events: EventMessage[]): number {
    let end = from;
    leaving = true;
    while (leaving && end < bytes.length) {
      if (lineEnded && bytes[end] === LF) {
        leaving = lineEnded = false;
        end++;
        break;
      }
      const next = bytes.indexOf(LF, end);
      lineEnded = next !== -1;
      end = lineEnded ? next + 1 : bytes.length;
    }
    events.push(...plain(bytes.subarray(from, end)));
    return end;
  }

  /** Takes whole events; how many bytes they are. */
  function take(bytes: Buffer<ArrayBuffer>, events: EventMessage[]): number {
    let at = 0;
    while (at < bytes.length) {
      if (leaving || bytes[at] !== startOfHead) {
        at = leave(bytes, at, events);
        continue;
      }
      const begun = bytes.toString('latin1', at, Math.min(at + headBytes, bytes.length));
      const [whole, id, event] = head.exec(begun) ?? [];
      if (whole === undefined) {
        const written = begun.replace(/\d+/g, '0');
        if (begun.length < headBytes && heads.some((one) => one.startsWith(written))) return at;
        at = leave(bytes, at, events);
        continue;
      }
      const start = at + whole.length;
      const end = bytes.indexOf(LF, Math.max(start, at === 0 ? searched : 0));
      if (end === -1 || end + 1 === bytes.length) {
        if (bytes.length - at <= mostKeptBytes) return at;
        at = leave(bytes, at, events);
        continue;
      }
      const isWhole = end - 2 >= start && tail.every((byte, i) => bytes[end - 2 + i] === byte);
      const data = isWhole ? decoded(bytes, start, end - 2) : undefined;
      if (data === undefined) at = leave(bytes, at, events);
      else {
        events.push({ id, event, data: '', value: data });
        at = end + 2;
      }
      searched = 0;
    }
    return at;
  }

  function keep(bytes: Uint8Array<ArrayBuffer>): void {
    const length = kept + bytes.length;
    if (length > memory.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(length, 2 * memory.length));
      larger.set(memory.subarray(0, kept));
      memory = larger;
    }
    memory.set(bytes, kept);
    kept = length;
  }

  return (bytes) => {
    const events: EventMessage[] = [];
    if (kept === 0) {
      const taken = take(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), events);
      searched = 0;
      keep(bytes.subarray(taken));
    } else {
      keep(bytes);
      const taken = take(memory.subarray(0, kept), events);
      if (taken > 0) memory.copyWithin(0, taken, kept);
      kept -= taken;
    }
    // Its last byte may be an end of which the next byte is still missing.
    searched = Math.max(0, kept - 1);
    return events;
  };
}

/** The bytes that base64 with padding stands for; undefined for anything else, of which Node skips what it does not know. */
function decoded(base64: Buffer, start: number, end: number): Buffer<ArrayBuffer> | undefined {
  if ((end - start) % 4 !== 0) return undefined;
  const padding = end === start || base64[end - 1] !== equals ? 0 : base64[end - 2] === equals ? 2 : 1;
  const data = Buffer.allocUnsafe(((end - start) / 4) * 3 - padding);
  let written = 0;
  for (let at = start; at < end; at += textLength) {
    const text = base64.toString('latin1', at, Math.min(at + textLength, end));
    const wanted = Math.min((text.length / 4) * 3, data.length - written);
    if (data.write(text, written, 'base64') !== wanted) return undefined;
    written += wanted;
  }
  return data;
}
