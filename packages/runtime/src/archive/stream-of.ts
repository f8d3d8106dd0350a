/** What a generator gives as a stream that asks for no more than is read; `done` once, after its end in any way. */
export function streamOf(
  source: AsyncGenerator<Uint8Array, void, undefined>,
  done: () => Promise<void>,
): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const next = await source.next();
          if (!next.done) return controller.enqueue(next.value);
          await done();
          controller.close();
        } catch (error) {
          await done().catch(() => {});
          throw error;
        }
      },
      async cancel() {
        await source.return();
        await done();
      },
    },
    { highWaterMark: 0 },
  );
}
