import { expect, test } from 'vitest';
import { stoppable } from './stoppable.ts';

test('what was stopped pulls no more from its source and tells it so', async () => {
  let pulls = 0;
  let cancelled = false;
  const source = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        pulls++;
        controller.enqueue(new Uint8Array(1));
      },
      cancel() {
        cancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  const { stream, stop } = stoppable(source);
  const reader = stream.getReader();
  await reader.read();
  stop();
  expect((await reader.read()).done).toBe(true);
  expect({ pulls, cancelled }).toEqual({ pulls: 1, cancelled: true });
});

test('all of a source passes, and stopping after its end is nothing', async () => {
  const { stream, stop } = stoppable(new Blob(['all of it']).stream());
  expect(await new Response(stream).text()).toBe('all of it');
  stop();
});
