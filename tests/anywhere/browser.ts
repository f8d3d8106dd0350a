import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { chromium } from 'playwright-core';

/** Chromium, and a web server of its own origin whose pages it shows. */
export interface Browser extends AsyncDisposable {
  /** Where the pages come from. */
  readonly origin: string;
  /** Evaluates an expression of JavaScript in a new page, which may use `import()`; its result, of JSON. @default from origin */
  evaluate(html: string, expression: string, from?: string): Promise<unknown>;
}

const types: Readonly<Record<string, string>> = {
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.html': 'text/html',
};

/** Opens Debian's Chromium over the files of a folder. */
export async function openBrowser(folder: string): Promise<Browser> {
  const pages = new Map<string, string>();
  const server = createServer(async (request, response) => {
    const path = normalize(new URL(request.url ?? '/', 'http://page').pathname);
    const content = pages.get(path) ?? (await readFile(join(folder, path)).catch(() => undefined));
    response.writeHead(content === undefined ? 404 : 200, { 'content-type': types[extname(path)] ?? 'text/plain' });
    response.end(content);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('the web server has no address');
  const origin = `http://127.0.0.1:${address.port}`;
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
  return {
    origin,
    async evaluate(html, expression, from = origin) {
      const path = `/page-${pages.size}.html`;
      pages.set(path, html);
      const page = await browser.newPage();
      try {
        const said: string[] = [];
        page.on('pageerror', (error) => said.push(String(error)));
        await page.goto(`${from}${path}`);
        const result: unknown = await page.evaluate(expression);
        if (said.length > 0) throw new Error(`the page failed: ${said.join('; ')}`);
        return result;
      } finally {
        await page.close();
      }
    },
    async [Symbol.asyncDispose]() {
      await browser.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
