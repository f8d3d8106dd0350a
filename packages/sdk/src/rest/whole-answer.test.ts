import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { wholeAnswer } from './whole-answer.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

/** A body that gives the same piece again and again, or each time it is let. */
function endless(piece: string, ready: () => Promise<void> = async () => {}) {
  let cancelled = false;
  const bytes = new TextEncoder().encode(piece);
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      await ready();
      if (!cancelled) controller.enqueue(bytes);
    },
    cancel() {
      cancelled = true;
    },
  });
  return { response: new Response(stream), isCancelled: () => cancelled };
}

const text = async (response: Response): Promise<string> => (await wholeAnswer(response)).text();

test('an answer of 16 MiB is read, one byte more is refused, and no answer is read on', async () => {
  const most = new Uint8Array(2 ** 24).fill(97);
  expect(await text(new Response(most))).toHaveLength(2 ** 24);
  await expect(text(new Response(new Blob([most, 'b'])))).rejects.toMatchObject({ code: 'schema' });
  const { response, isCancelled } = endless('x'.repeat(65_536));
  await expect(text(response)).rejects.toMatchObject({ code: 'schema' });
  expect(isCancelled()).toBe(true);
});

test('an answer that trickles for two minutes, or never goes on, is lost', async () => {
  const trickle = endless('x', () => new Promise((resolve) => setTimeout(resolve, 1000)));
  const silent = endless('x', () => new Promise(() => {}));
  for (const { response, isCancelled } of [trickle, silent]) {
    const read = expect(text(response)).rejects.toMatchObject({ code: 'transport' });
    await vi.advanceTimersByTimeAsync(119_000);
    expect(isCancelled()).toBe(false);
    await vi.advanceTimersByTimeAsync(1000);
    await read;
    expect(isCancelled()).toBe(true);
  }
  expect(vi.getTimerCount()).toBeLessThanOrEqual(1);
});

test('a character in two pieces is one, and a body that breaks off is a failure of transport', async () => {
  const [first, second] = [Uint8Array.of(0xe2, 0x82), Uint8Array.of(0xac)];
  const whole = new ReadableStream({
    start(controller) {
      for (const piece of [first, second]) controller.enqueue(piece);
      controller.close();
    },
  });
  expect(await text(new Response(whole))).toBe('€');
  const broken = new ReadableStream({ pull: (controller) => controller.error(new Error('gone')) });
  await expect(text(new Response(broken))).rejects.toMatchObject({ code: 'transport' });
});

test('an answer keeps its status and headers, and one without a body stays so', async () => {
  const answer = await wholeAnswer(new Response('gone', { status: 410, headers: { 'x-request-id': 'r1' } }));
  expect([answer.status, answer.headers.get('x-request-id'), await answer.text()]).toEqual([410, 'r1', 'gone']);
  expect((await wholeAnswer(new Response(null, { status: 204 }))).body).toBeNull();
});
