import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { HttpError } from '../http/http-error.ts';
import type { Reply } from '../http/reply.ts';
import { empty, text } from '../http/respond.ts';
import { dashboardFolder } from './shipped-files.ts';

/** What answers a path of the site, given without its first slash; undefined for one that is not the dashboard's. */
export type Dashboard = (name: string) => ((request: Request) => Promise<Reply>) | undefined;

interface ShippedFile {
  readonly text: string;
  readonly gzipped: Uint8Array<ArrayBuffer>;
  readonly headers: Readonly<Record<string, string>>;
}

// The terminal writes style elements of its own; nothing on the page can make one of what a box says. No script but ours.
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

const pageHeaders = {
  'content-security-policy': policy,
  'cross-origin-opener-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
  'cache-control': 'no-cache',
};

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Serves the dashboard that came with this server: `/dashboard/` is its page, `/dashboard` leads there. */
export function dashboard(folder: string = dashboardFolder): Dashboard {
  let files: Promise<ReadonlyMap<string, ShippedFile>> | undefined;
  const read = (): Promise<ReadonlyMap<string, ShippedFile>> => {
    files ??= readFiles(folder).catch((error: unknown) => {
      files = undefined;
      throw error;
    });
    return files;
  };
  return (name) => {
    if (name === 'dashboard') return async () => empty(308, { location: 'dashboard/', 'cache-control': 'no-cache' });
    if (!name.startsWith('dashboard/')) return undefined;
    return async (request) => {
      const file = (await read()).get(name.slice('dashboard/'.length) || 'index.html');
      if (!file) throw new HttpError(404, 'NotFoundError', 'the dashboard has no such file; its page is /dashboard');
      if (!acceptsGzip(request)) return text(200, file.text, file.headers);
      const body = new Blob([file.gzipped]).stream();
      const length = `${file.gzipped.byteLength}`;
      return { status: 200, headers: { ...file.headers, 'content-encoding': 'gzip', 'content-length': length }, body };
    };
  };
}

/** Whether a client takes gzip; `gzip;q=0` says that it does not. */
function acceptsGzip({ headers }: Request): boolean {
  return /(?:^|,)\s*gzip\s*(?:,|$|;\s*q=(?:1|0\.\d*[1-9]))/i.test(headers.get('accept-encoding') ?? '');
}

async function readFiles(folder: string): Promise<ReadonlyMap<string, ShippedFile>> {
  const names = await readdir(folder, { recursive: true }).catch((error: unknown) => {
    throw notBuilt({ cause: error });
  });
  const files = new Map<string, ShippedFile>();
  for (const name of names) {
    const type = types[extname(name)];
    if (type === undefined) continue;
    const content = await readFile(join(folder, name), 'utf8');
    const headers = {
      ...(name === 'index.html' ? pageHeaders : { 'cache-control': 'public, max-age=31536000, immutable' }),
      'content-type': type,
      vary: 'accept-encoding',
    };
    files.set(name, { text: content, gzipped: await promisify(gzip)(content, { level: 9 }), headers });
  }
  // While it is built anew it is there in part, which must not be what is kept.
  const named = [...(files.get('index.html')?.text ?? '').matchAll(/"\.\/(assets\/[^"]+)"/g)];
  if (named.length === 0 || named.some(([, name = '']) => !files.has(name))) throw notBuilt();
  return files;
}

function notBuilt(cause: ErrorOptions = {}): HttpError {
  return new HttpError(404, 'NotFoundError', 'the dashboard is not built; run node scripts/setup.mjs', {}, cause);
}
