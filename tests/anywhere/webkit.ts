import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { type Driver, type Program, startProgram } from './driver.ts';

const answer = z.object({ value: z.unknown() });
const session = z.object({ sessionId: z.string() });
const outcomeMs = 60_000;

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (typeof address !== 'object' || address === null) throw new Error('no port is free');
  return address.port;
}

async function ask(url: string, body?: object): Promise<unknown> {
  const response = await fetch(url, body && { method: 'POST', body: JSON.stringify(body) });
  const { value } = answer.parse(await response.json());
  if (!response.ok) throw new Error(`WebKit answered ${response.status}: ${JSON.stringify(value)}`);
  return value;
}

/** Once the driver listens. */
async function ready(url: string): Promise<void> {
  const until = Date.now() + outcomeMs;
  for (;;) {
    try {
      await ask(`${url}/status`);
      return;
    } catch (error) {
      if (Date.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** Debian's WebKitGTK in its MiniBrowser, by WebDriver (https://www.w3.org/TR/webdriver2/), on a display of its own. */
export async function openWebKit(): Promise<Driver> {
  const home = await mkdtemp(join(tmpdir(), 'boxlite-webkit-'));
  const programs: Program[] = [];
  const close = async (): Promise<void> => {
    for (const program of programs.toReversed()) await program[Symbol.asyncDispose]();
    await rm(home, { recursive: true, force: true });
  };
  try {
    const screen = startProgram('Xvfb', ['-displayfd', '1', '-screen', '0', '800x600x24', '-nolisten', 'tcp'], {});
    programs.push(screen);
    const display = await screen.says('stdout', /stdout: (\d+)/);
    const port = await freePort();
    programs.push(
      startProgram('WebKitWebDriver', [`--port=${port}`], {
        DISPLAY: `:${display}`,
        HOME: home,
        XDG_RUNTIME_DIR: home,
      }),
    );
    const url = `http://127.0.0.1:${port}`;
    await ready(url);
    const binary = `/usr/lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu/webkit2gtk-4.1/MiniBrowser`;
    const browserOptions = { binary, args: ['--automation'] };
    const capabilities = { alwaysMatch: { 'webkitgtk:browserOptions': browserOptions } };
    const { sessionId } = session.parse(await ask(`${url}/session`, { capabilities }));
    const at = `${url}/session/${sessionId}`;
    await ask(`${at}/timeouts`, { script: outcomeMs, pageLoad: outcomeMs });
    return {
      async outcomeOf(page) {
        await ask(`${at}/url`, { url: page });
        const script = 'outcome.then(arguments[0])';
        return z.string().parse(await ask(`${at}/execute/async`, { script, args: [] }));
      },
      async [Symbol.asyncDispose]() {
        await fetch(at, { method: 'DELETE' });
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}
