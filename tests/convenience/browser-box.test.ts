import { connect } from 'node:net';
import {
  type Boxlite,
  BrowserBox,
  ExecutionError,
  InvalidArgumentError,
  InvalidStateError,
  TimeoutError,
} from 'boxlite';
import { chromium } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { browserImage } from '../../images/browser/build.ts';
import { onBoth } from './on-both.ts';
import { decodePng } from './png.ts';

const page = `<!doctype html><meta charset="utf-8"><title>In the box</title>
<body style="background: #2060c0"><button onclick="document.title = 'clicked 語'">Click</button></body>`;

/** Serves the page in the box, on its loopback, by the busybox of another box; once it answers. */
async function servePage(runtime: Boxlite, browser: BrowserBox): Promise<string> {
  await using base = await runtime.create({ image: 'boxlite/base:latest' });
  await browser.box.files.write('/srv/www/index.html', page);
  await browser.box.files.write('/srv/busybox', await base.files.read('/bin/busybox'), { mode: 0o755 });
  const server = await browser.box.exec('/srv/busybox', ['httpd', '-f', '-p', '127.0.0.1:8080', '-h', '/srv/www']);
  await expect
    .poll(async () => (await browser.exec('/srv/busybox', ['wget', '-q', '-O', '-', 'http://127.0.0.1:8080/'])).stdout)
    .toContain('In the box');
  expect((await server.status()).status).toBe('running');
  return 'http://127.0.0.1:8080/';
}

const refused = (port: number): Promise<string> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve('connected'));
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'no code'));
  });

onBoth(browserImage, (runtime) => {
  let box: BrowserBox;
  beforeAll(async () => {
    box = await BrowserBox.create({ runtime: runtime() });
  });
  afterAll(() => box.stop());

  test('Playwright drives the Chromium of the box on a page that the box serves', async () => {
    const address = await servePage(runtime(), box);
    const browser = await box.connect(chromium);
    const view = await browser.newPage({ viewport: { width: 400, height: 300 } });
    await view.goto(address);
    expect(await view.title()).toBe('In the box');
    await view.getByRole('button').click();
    expect(await view.title()).toBe('clicked 語');
    const { width, height, at } = decodePng(await view.screenshot());
    expect({ width, height, corner: at(399, 299) }).toEqual({ width: 400, height: 300, corner: [0x20, 0x60, 0xc0] });
    await browser.close();
  });

  test('it has 2 processors and 2 GiB, and is no root in its box', async () => {
    expect(await box.box.info()).toMatchObject({ cpus: 2, memoryMib: 2048 });
    await box.endpoint();
    const { stdout } = await box.exec('sh', ['-c', 'ps -o user= -C chromium-headless-shell | sort -u']);
    expect(stdout).toBe('box\n');
  });

  test('two boxes at once have a browser each, and asking twice gives the same', async () => {
    await using other = await BrowserBox.create({ runtime: runtime(), cdpPort: 9333, args: ['--lang=de-DE'] });
    const endpoints = await Promise.all([box.endpoint(), other.endpoint(), box.endpoint(), other.endpoint()]);
    expect(endpoints[0]).toMatch(/^ws:\/\/127\.0\.0\.1:\d+\/devtools\/browser\/[\w-]+$/);
    expect(endpoints.slice(2)).toEqual(endpoints.slice(0, 2));
    expect(new Set(endpoints).size).toBe(2);
    const [one, two] = await Promise.all([box.connect(chromium), other.connect(chromium)]);
    const titles = await Promise.all(
      [one, two].map(async (browser, number) => {
        const view = await browser.newPage();
        await view.goto(`data:text/html,<title>number ${number}</title>`);
        return view.title();
      }),
    );
    expect(titles).toEqual(['number 0', 'number 1']);
    await Promise.all([one.close(), two.close()]);
  });

  test('leaving the block closes the way in, ends what was connected, and removes the box', async () => {
    let port = 0;
    let id = '';
    let ended: Promise<void> | undefined;
    {
      await using short = await BrowserBox.create({ runtime: runtime() });
      const browser = await short.connect(chromium);
      ended = new Promise((resolve) => browser.on('disconnected', () => resolve()));
      port = Number(new URL(await short.endpoint()).port);
      id = short.id;
    }
    await ended;
    expect(await refused(port)).toBe('ECONNREFUSED');
    expect(await runtime().getInfo(id)).toBeNull();
  });

  test('a browser that was killed is started again by the next who asks', async () => {
    await using short = await BrowserBox.create({ runtime: runtime() });
    const before = await short.endpoint();
    await short.exec('pkill', ['-9', '-f', 'chromium']);
    await expect.poll(() => short.endpoint().catch(() => before)).not.toBe(before);
    const browser = await short.connect(chromium);
    expect(browser.version()).toMatch(/^\d+\./);
  });

  test('a box that is there already gives the browser that it has', async () => {
    const options = { runtime: runtime(), name: 'kept-browser', reuseExisting: true };
    await using first = await BrowserBox.create(options);
    const path = new URL(await first.endpoint()).pathname;
    const second = await BrowserBox.create(options);
    expect(second.created).toBe(false);
    expect(new URL(await second.endpoint()).pathname).toBe(path);
    await second.stop();
  });

  test('an answer that the box breaks off is an error with a code', async () => {
    await using liar = await BrowserBox.create({ runtime: runtime(), image: 'boxlite/base:latest' });
    const answer = String.raw`HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"webSocketDebuggerUrl"`;
    const program = [
      '#!/bin/sh',
      `[ "$1" = answer ] && exec printf '${answer}'`,
      'nc -ll -p 9222 -e /usr/bin/chromium answer &',
      'until grep -q :2406 /proc/net/tcp /proc/net/tcp6; do :; done',
      'echo DevTools listening on ws: >&2; wait',
    ];
    await liar.box.files.write('/usr/bin/chromium', program.join('\n'), { mode: 0o755 });
    await expect(liar.endpoint()).rejects.toMatchObject({ code: 'network_failed' });
  });

  test('what cannot be is told', async () => {
    await expect(BrowserBox.create({ runtime: runtime(), cdpPort: 0 })).rejects.toThrow(InvalidArgumentError);
    // @ts-expect-error: not one of those it knows.
    await expect(BrowserBox.create({ runtime: runtime(), browser: 'webkit' })).rejects.toThrow(
      'must be one of chromium',
    );
    await using bare = await BrowserBox.create({ runtime: runtime(), image: 'boxlite/base:latest' });
    await expect(bare.endpoint()).rejects.toThrow(ExecutionError);
    await expect(bare.endpoint()).rejects.toThrow('node images/browser/build.ts');
    await using closed = await BrowserBox.create({ runtime: runtime(), network: { inbound: false } });
    await expect(closed.endpoint()).rejects.toThrow(InvalidStateError);
    await using hurried = await BrowserBox.create({ runtime: runtime() });
    await expect(hurried.endpoint({ timeoutMs: 1 })).rejects.toThrow(TimeoutError);
    const reason = new Error('enough');
    await expect(hurried.endpoint({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});
