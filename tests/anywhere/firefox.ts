import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { z } from 'zod';
import { type Driver, startProgram } from './driver.ts';

const answer = z.object({ id: z.number(), result: z.unknown(), message: z.string().optional() });
const context = z.object({ context: z.string() });
const evaluated = z.object({ result: z.object({ value: z.string() }) });

/** Debian's Firefox, by WebDriver BiDi (https://www.w3.org/TR/webdriver-bidi/), which it speaks itself. */
export async function openFirefox(): Promise<Driver> {
  const profile = await mkdtemp(join(tmpdir(), 'boxlite-firefox-'));
  const args = ['--headless', '--no-remote', '--profile', profile, '--remote-debugging-port', '0'];
  const firefox = startProgram('firefox-esr', args, { HOME: profile, MOZ_CRASHREPORTER_DISABLE: '1' });
  const close = async (): Promise<void> => {
    await firefox[Symbol.asyncDispose]();
    await rm(profile, { recursive: true, force: true });
  };
  try {
    const url = await firefox.says('stderr', /WebDriver BiDi listening on (ws:\S+)/);
    const socket = new WebSocket(`${url}/session`);
    await once(socket, 'open');
    const asked = new Map<number, PromiseWithResolvers<unknown>>();
    socket.on('message', (data) => {
      const { id, result, message } = answer.partial({ id: true }).parse(JSON.parse(String(data)));
      const waiting = id === undefined ? undefined : asked.get(id);
      if (result === undefined) waiting?.reject(new Error(`Firefox: ${message}`));
      else waiting?.resolve(result);
    });
    socket.on('close', () => {
      for (const waiting of asked.values()) waiting.reject(new Error('Firefox closed the connection'));
    });
    const ask = (method: string, params: object): Promise<unknown> => {
      const waiting = Promise.withResolvers<unknown>();
      asked.set(asked.size, waiting);
      socket.send(JSON.stringify({ id: asked.size - 1, method, params }));
      return waiting.promise;
    };
    await ask('session.new', { capabilities: {} });
    return {
      async outcomeOf(page) {
        const target = context.parse(await ask('browsingContext.create', { type: 'tab' }));
        await ask('browsingContext.navigate', { ...target, url: page, wait: 'complete' });
        const params = { expression: 'outcome', target, awaitPromise: true };
        const { result } = evaluated.parse(await ask('script.evaluate', params));
        await ask('browsingContext.close', target);
        return result.value;
      },
      async [Symbol.asyncDispose]() {
        socket.terminate();
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}
