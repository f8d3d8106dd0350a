import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLocal } from '@boxlite/runtime';
import { createApp, type Identity, listen, openIdentity } from '@boxlite/server';
import { ApiKeyCredential, Boxlite } from 'boxlite';
import { type Browser, chromium, type Page } from 'playwright-core';
import { removeHome } from '../../packages/runtime/src/testing/home-folder.ts';

/** A real server with its dashboard, and Debian's Chromium. */
export interface OpenedDashboard extends AsyncDisposable {
  readonly url: string;
  readonly identity: Identity;
  /** The same server, for a program. */
  readonly runtime: Boxlite;
  /** A new page at the dashboard, in a profile of its own. What went wrong in it is in `wrong`. */
  open(size?: { readonly width: number; readonly height: number }): Promise<OpenedPage>;
}

/** A page, and what its scripts and its policy complained of. */
export interface OpenedPage {
  readonly page: Page;
  readonly wrong: readonly string[];
}

/** The key of its operator. */
export const operatorKey = 'blk_operator';

/** Starts both. */
export async function openDashboard(): Promise<OpenedDashboard> {
  await using stack = new AsyncDisposableStack();
  const homeDir = await mkdtemp(join(tmpdir(), 'bl-dash-'));
  stack.defer(() => removeHome(homeDir));
  const backend = await openLocal({ homeDir });
  stack.defer(async () => {
    const { boxes } = await backend.list();
    await Promise.all(boxes.map(({ id }) => backend.remove(id, { force: true })));
    await backend.shutdown();
  });
  const identity = openIdentity(join(homeDir, 'identity.db'));
  stack.defer(() => identity.close());
  const clients = [{ id: 'operator', secret: 'operator-secret' }];
  const apiKeys = [{ id: 'operator', key: operatorKey }];
  const server = await listen(createApp(backend, { auth: { apiKeys, clients, identity } }), { port: 0 });
  stack.defer(() => server.close({ graceMs: 0 }));
  const browser: Browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
  stack.defer(() => browser.close());
  const runtime = Boxlite.rest({ url: server.url, credential: new ApiKeyCredential(operatorKey) });
  const owned = stack.move();
  return {
    ...{ url: server.url, identity, runtime },
    async open(viewport = { width: 1280, height: 800 }) {
      const page = await browser.newPage({ viewport });
      page.setDefaultTimeout(20_000);
      const wrong: string[] = [];
      page.on('pageerror', (error) => wrong.push(`${error}`));
      page.on('console', (said) => {
        if (/Content Security Policy|TrustedHTML|TrustedScript/i.test(said.text())) wrong.push(said.text());
      });
      page.on('request', (request) => {
        if (new URL(request.url()).origin !== server.url) wrong.push(`it asked for ${request.url()}`);
      });
      await page.goto(`${server.url}/dashboard`);
      return { page, wrong };
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Signs in by a key. */
export async function signIn(page: Page, key = operatorKey): Promise<void> {
  await page.getByRole('textbox', { name: 'API key' }).fill(key);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

/** Keeps what a page asks of a path until it is let go. */
export async function hold(page: Page, path: string): Promise<{ readonly asked: Promise<void>; release(): void }> {
  const asked = Promise.withResolvers<void>();
  const held = Promise.withResolvers<void>();
  await page.route(path, async (route) => {
    asked.resolve();
    await held.promise;
    // Its page may be gone by then, or want it no more.
    await route.continue().catch(() => {});
  });
  return { asked: asked.promise, release: held.resolve };
}

/** Tells a page that somebody, or nobody, can see it: Chromium without a screen never does. */
export async function show(page: Page, state: 'visible' | 'hidden'): Promise<void> {
  await page.evaluate(`Object.defineProperty(document, 'visibilityState', { value: '${state}', configurable: true });
    document.dispatchEvent(new Event('visibilitychange'))`);
}
