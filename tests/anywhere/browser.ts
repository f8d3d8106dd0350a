import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { openChromium } from './chromium.ts';
import type { Driver } from './driver.ts';
import { openFirefox } from './firefox.ts';
import { openWebKit } from './webkit.ts';

/** The browsers that Debian has, by name. */
export const browsers: Readonly<Record<string, () => Promise<Driver>>> = {
  Chromium: openChromium,
  Firefox: openFirefox,
  WebKit: openWebKit,
};

/** A web server of its own origin with the files of a folder, and with pages that are made as they are needed. */
export interface Pages extends AsyncDisposable {
  /** Where the pages come from. */
  readonly origin: string;
  /** Until it is disposed of: the first request for each file of that name is answered with 503, as where a connection fails in passing. */
  failOnce(name: RegExp): Disposable;
  /** Evaluates an expression of JavaScript in a new page, which may use `import()`; its result, of JSON. @default from origin */
  evaluate(browser: Driver, html: string, expression: string, from?: string): Promise<unknown>;
}

const types: Readonly<Record<string, string>> = {
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.html': 'text/html',
};

// Within the page, so that it is the same for every driver, and nothing but a text has to come out.
const script = (expression: string): string => `<script>
  globalThis.outcome = new Promise((resolve) => {
    addEventListener('error', ({ message }) => resolve(JSON.stringify({ failed: message })));
    const run = () => ${expression};
    Promise.resolve().then(run).then(
      (value) => resolve(JSON.stringify({ value })),
      (error) => resolve(JSON.stringify({ failed: String(error) + ' ' + error?.stack })),
    );
  });
</script>`;

/** Serves the files of a folder. */
export async function servePages(folder: string): Promise<Pages> {
  const pages = new Map<string, string>();
  let fails = (_path: string): boolean => false;
  const server = createServer(async (request, response) => {
    const path = normalize(new URL(request.url ?? '/', 'http://page').pathname);
    if (fails(path)) return void response.writeHead(503).end();
    const content = pages.get(path) ?? (await readFile(join(folder, path)).catch(() => undefined));
    response.writeHead(content === undefined ? 404 : 200, { 'content-type': types[extname(path)] ?? 'text/plain' });
    response.end(content);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('the web server has no address');
  const origin = `http://127.0.0.1:${address.port}`;
  return {
    origin,
    failOnce(name) {
      const failed = new Set<string>();
      fails = (path) => name.test(path) && !failed.has(path) && failed.add(path).has(path);
      return {
        [Symbol.dispose]() {
          fails = () => false;
        },
      };
    },
    async evaluate(browser, html, expression, from = origin) {
      const path = `/page-${pages.size}.html`;
      pages.set(path, html + script(expression));
      const outcome = JSON.parse(await browser.outcomeOf(`${from}${path}`));
      if (outcome.failed !== undefined) throw new Error(`the page failed: ${outcome.failed}`);
      return outcome.value;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
