const gatheredBytes = 32 * 1024;

/**
 * A line of JSON for each item, asked for no faster than they are read. Rejects where the first one fails; what fails
 * later ends the stream with an error. Leaving the stream ends the items.
 */
export async function jsonLines(items: AsyncIterable<unknown>): Promise<ReadableStream<Uint8Array>> {
  const iterator = items[Symbol.asyncIterator]();
  let next = await iterator.next();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        let text = '';
        for (; !next.done && text.length < gatheredBytes; next = await iterator.next())
          text += `${JSON.stringify(next.value)}\n`;
        if (text !== '') controller.enqueue(Buffer.from(text));
        if (next.done) controller.close();
      },
      cancel: async () => void (await iterator.return?.()),
    },
    { highWaterMark: 0 },
  );
}
