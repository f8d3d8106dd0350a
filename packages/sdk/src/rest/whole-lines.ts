import { type EventDecoder, type EventMessage, SchemaError } from '@boxlite/rest';

const mostBytes = 2 ** 24;

/**
 * The same decoder, given whole lines: one that looks through all of an unfinished line with each piece of it takes a
 * time that grows with its square. A line of more than 16 MiB is a `SchemaError`.
 */
export function wholeLines(plain: EventDecoder): EventDecoder {
  let begun: Uint8Array<ArrayBuffer>[] = [];
  let bytesBegun = 0;
  return (bytes): readonly EventMessage[] => {
    const end = Math.max(bytes.lastIndexOf(10), bytes.lastIndexOf(13)) + 1;
    let events: readonly EventMessage[] = [];
    if (end > 0) {
      events = plain(joined(begun, bytesBegun, bytes.subarray(0, end)));
      begun = [];
      bytesBegun = 0;
    }
    if (end < bytes.length) begun.push(bytes.slice(end));
    bytesBegun += bytes.length - end;
    if (bytesBegun > mostBytes) throw new SchemaError([{ message: `a line of over ${mostBytes} bytes` }]);
    return events;
  };
}

function joined(
  begun: readonly Uint8Array[],
  bytesBegun: number,
  last: Uint8Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> {
  if (bytesBegun === 0) return last;
  const all = new Uint8Array(bytesBegun + last.length);
  let at = 0;
  for (const piece of [...begun, last]) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
