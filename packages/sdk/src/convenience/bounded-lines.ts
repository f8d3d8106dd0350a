import { ExecutionError } from '../errors.ts';

/** Reads a stream of bytes line by line as UTF-8; `ExecutionError` for a line of more than `mostBytes`. */
export async function* boundedLines(
  stream: AsyncIterable<Uint8Array>,
  mostBytes: number,
): AsyncGenerator<string, void, undefined> {
  let rest: Uint8Array[] = [];
  let length = 0;
  for await (const bytes of stream) {
    let from = 0;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, from)) {
      const line = [...rest, bytes.subarray(from, end)];
      rest = [];
      length = 0;
      from = end + 1;
      yield await new Blob(line.map((part) => part.slice())).text();
    }
    length += bytes.length - from;
    if (length > mostBytes) throw new ExecutionError(`a line of more than ${mostBytes} bytes came out of the box`);
    rest.push(bytes.slice(from));
  }
}
