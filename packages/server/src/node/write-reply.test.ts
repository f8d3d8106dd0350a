import { once } from 'node:events';
import { createServer } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { frameMemory } from '../output/frame-memory.ts';
import { writeReply } from './write-reply.ts';

test('memory of frames is lent again once the connection has taken it, and what the client got stays as it was', async () => {
  const buffers = new Set<ArrayBufferLike>();
  const count = 40;
  const length = 300_000;
  let sent = 0;
  const server = createServer((_, outgoing) => {
    const body = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          const frame = frameMemory(length).fill(sent);
          buffers.add(frame.buffer);
          controller.enqueue(frame);
          if (++sent === count) controller.close();
        },
      },
      { highWaterMark: 0 },
    );
    void writeReply({ status: 200, headers: {}, body }, outgoing);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const got = Buffer.from(await (await fetch(`http://127.0.0.1:${port}`)).arrayBuffer());
  expect(got.length).toBe(count * length);
  for (let at = 0; at < count; at++) {
    expect(got.subarray(at * length, (at + 1) * length).equals(Buffer.alloc(length, at))).toBe(true);
  }
  expect(buffers.size).toBeLessThan(5);
});
