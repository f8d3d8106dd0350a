/** Gives a stream the iteration that browsers without `ReadableStream[Symbol.asyncIterator]` lack; leaving a loop cancels it. */
export function iterable<T>(stream: ReadableStream<T>): ReadableStream<T> {
  if (Symbol.asyncIterator in stream) return stream;
  return Object.defineProperty<ReadableStream<T>>(stream, Symbol.asyncIterator, {
    value: () => read(stream),
  });
}

async function* read<T>(stream: ReadableStream<T>): AsyncGenerator<T, void, undefined> {
  const reader = stream.getReader();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
  } finally {
    await reader.cancel();
    reader.releaseLock();
  }
}
