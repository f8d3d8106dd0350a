import { getEventListeners } from 'node:events';
import type { BoxEvent, Boxlite, RuntimeEvent } from 'boxlite';
import { InvalidArgumentError } from 'boxlite';
import { expect, onTestFinished, test } from 'vitest';
import { baseImage, onBothBackends } from './harness.ts';

/** Reads events of a box from `open` on until one is of that type. */
async function until(events: AsyncIterator<RuntimeEvent>, type: BoxEvent['type']): Promise<RuntimeEvent[]> {
  const found: RuntimeEvent[] = [];
  for (;;) {
    const { done, value } = await events.next();
    if (done) throw new Error(`the events ended before one was ${type}`);
    found.push(value);
    if (value.type === type) return found;
  }
}

function reading(
  runtime: Boxlite,
  options: { readonly after?: string; readonly box?: string } = {},
): AsyncGenerator<RuntimeEvent, void, undefined> {
  const leaving = new AbortController();
  onTestFinished(() => leaving.abort());
  return runtime.events({ ...options, signal: leaving.signal });
}

onBothBackends((runtime) => {
  test('whatever becomes of a box is told as it happens, in order', async () => {
    const events = reading(runtime());
    expect((await events.next()).value).toMatchObject({ type: 'open', id: expect.any(String), at: expect.any(Date) });
    const box = await runtime().create({ image: baseImage, autoRemove: false }, 'told');
    await box.start();
    await box.pause();
    await box.resume();
    await box.stop();
    await runtime().remove(box.id);
    const found = await until(events, 'removed');
    expect(found.map(({ type }) => type)).toEqual([
      'created',
      'started',
      'paused',
      'resumed',
      'stopping',
      'stopped',
      'removed',
    ]);
    for (const event of found) expect(event).toMatchObject({ boxId: box.id, boxName: 'told' });
    expect(new Set(found.map(({ id }) => id)).size).toBe(found.length);
  });

  test('a later reader goes on after the last event that was seen, and follows one box if he wants to', async () => {
    const before = reading(runtime());
    const { value: open } = await before.next();
    if (!open) throw new Error('no first event');
    const options = { image: baseImage, autoRemove: false };
    const [one, other] = await Promise.all([runtime().create(options), runtime().create(options)]);
    await runtime().remove(other.id);
    await runtime().remove(one.id);
    const missed = reading(runtime(), { after: open.id, box: one.id });
    const found = await until(missed, 'removed');
    expect(found.map(({ type }) => type)).toEqual(['open', 'created', 'removed']);
    const last = found[1];
    const rest = await until(reading(runtime(), { box: one.id, ...(last && { after: last.id }) }), 'removed');
    expect(rest.map(({ type }) => type)).toEqual(['open', 'removed']);
  });

  test('an id of another history is a reset, one that is none an error, and an abort throws its reason', async () => {
    const events = reading(runtime(), { after: '0123456789abcdef.7' });
    expect((await events.next()).value?.type).toBe('open');
    expect((await events.next()).value?.type).toBe('reset');
    await expect(reading(runtime(), { after: 'nonsense' }).next()).rejects.toBeInstanceOf(InvalidArgumentError);
    const leaving = new AbortController();
    const stopped = runtime().events({ signal: leaving.signal });
    await stopped.next();
    const next = stopped.next();
    leaving.abort(new Error('enough'));
    await expect(next).rejects.toThrow('enough');
  });

  test('a reader that is left while it waits for an event is left at once, and so is a second of the same runtime', async () => {
    const signal = new AbortController().signal;
    const [left, other] = [runtime().events({ signal }), runtime().events()];
    for (const events of [left, other]) expect((await events.next()).value?.type).toBe('open');
    const waiting = [left.next(), other.next()];
    // Nothing happens to any box: without the return, none of these ends.
    await left.return();
    expect(await waiting[0]).toEqual({ done: true, value: undefined });
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    await other[Symbol.asyncDispose]();
    expect(await waiting[1]).toEqual({ done: true, value: undefined });
  });

  test('who leaves the loop after an event leaves nothing behind', async () => {
    const signal = new AbortController().signal;
    for await (const { type } of runtime().events({ signal })) {
      expect(type).toBe('open');
      break;
    }
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});
