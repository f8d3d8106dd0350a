import { getEventListeners } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import type { Box, Execution } from 'boxlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually, onBothBackends, startedBox } from './harness.ts';

const times = 20;

/** What this process, which is the client and for REST the server too, holds open: sockets, logs, pipes. */
function open(): readonly string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)];
    } catch {
      return []; // It was the one that listed them.
    }
  });
}

onBothBackends((runtime) => {
  let box: Box;
  let execution: Execution;
  let quiet: Execution;
  beforeAll(async () => {
    box = await startedBox(runtime());
    execution = await box.exec('sh', ['-c', 'while :; do echo line; sleep 0.01; done']);
    quiet = await box.exec('sleep', ['1000']);
  });
  afterAll(async () => {
    await runtime().remove(box.id, { force: true });
  });

  const ways: Readonly<Record<string, (signal: AbortSignal, abort: () => void) => Promise<void>>> = {
    async 'a break out of the output'(signal) {
      for await (const _ of execution.output({ signal })) break;
    },
    async 'an abort of the output'(signal, abort) {
      for await (const _ of execution.output({ signal })) abort();
    },
    async 'an abort before the first byte'(signal, abort) {
      const never = { stdout: 1e12, stderr: 1e12 };
      const reading = Array.fromAsync(execution.output({ signal, from: never }));
      abort();
      await reading;
    },
    async 'a return from the output while a next waits'(signal) {
      const never = { stdout: 1e12, stderr: 1e12 };
      const output = execution.output({ signal, from: never });
      const waiting = [output.next(), output.next()];
      expect(await output.return()).toEqual({ done: true, value: undefined });
      expect(await Promise.all(waiting)).toEqual(waiting.map(() => ({ done: true, value: undefined })));
      expect((await output.next()).done).toBe(true);
    },
    async 'a cancel of stdout while a read waits'() {
      const silent = (await box.execution(quiet.id)).stdout.getReader();
      const waiting = silent.read();
      await silent.cancel();
      expect((await waiting).done).toBe(true);
    },
    async 'a break out of stdout'() {
      for await (const _ of (await box.execution(execution.id)).stdout) break;
    },
    async 'an abort of a wait'(signal, abort) {
      const waiting = execution.wait({ signal });
      abort();
      await waiting;
    },
    async 'a break out of the events'(signal) {
      for await (const _ of runtime().events({ signal })) break;
    },
    async 'a download that nobody reads on'() {
      await (await box.download({ path: '/bin' })).cancel();
    },
  };

  test.each(Object.entries(ways))('%s leaves nothing behind: no file, socket, listener', async (_, leave) => {
    const signals: AbortSignal[] = [];
    const once = async (): Promise<void> => {
      const controller = new AbortController();
      signals.push(controller.signal);
      const reason = new Error('enough');
      await leave(controller.signal, () => controller.abort(reason)).catch((error) => expect(error).toBe(reason));
    };
    // The first one makes what is kept on purpose, such as an idle connection.
    await once();
    const before = open().length;
    for (let i = 0; i < times; i++) await once();
    await eventually('all to be closed', async () => open().length <= before + 1);
    expect(signals.flatMap((signal) => getEventListeners(signal, 'abort'))).toEqual([]);
  });
});
