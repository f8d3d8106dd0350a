import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { type Client, raw, TransportError } from '@boxlite/rest';
import { ImageError } from 'boxlite/backend';
import type { Descriptor } from '../manifest.ts';
import { getBlob } from './endpoints.ts';

export interface DownloadBlobOptions {
  readonly client: Client;
  readonly repository: string;
  readonly blob: Descriptor;
  /** May hold the start of the blob. */
  readonly file: string;
  /** Told how many of the blob's bytes are here. */
  readonly onBytes?: ((bytes: number) => void) | undefined;
  readonly signal: AbortSignal;
  /** How long a connection may be silent, in milliseconds. @default 60,000 */
  readonly idleTimeoutMs?: number | undefined;
  /** The wait after a broken connection; it doubles while nothing comes. @default 250 */
  readonly retryBaseMs?: number | undefined;
}

/** Connections that may break in a row without one byte coming, and in all. */
const fruitless = 4;
const most = 50;

/**
 * Fetches a blob into a file, from where the file ends: resumed where a connection breaks, its size and digest checked.
 * `ImageError` when it is not what the descriptor says, and then the file is empty; `TransportError` when connections
 * keep breaking.
 */
export async function downloadBlob(options: DownloadBlobOptions): Promise<void> {
  const { blob } = options;
  const file = await open(options.file, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  try {
    let got = await fetchRest(options, file);
    if (got.digest !== blob.digest && got.resumed) {
      // What a former try left may be what is damaged.
      await file.truncate(0);
      got = await fetchRest(options, file);
    }
    if (got.digest !== blob.digest)
      throw new ImageError(`blob ${blob.digest} is damaged: its content is ${got.digest}`);
  } catch (error) {
    if (error instanceof ImageError) await file.truncate(0);
    throw error;
  } finally {
    await file.close();
  }
}

async function fetchRest(
  options: DownloadBlobOptions,
  file: FileHandle,
): Promise<{ readonly digest: string; readonly resumed: boolean }> {
  const { blob, signal } = options;
  let hash = createHash('sha256');
  let have = 0;
  let failures = 0;
  if ((await file.stat()).size > blob.size) await file.truncate(0);
  const content = file.createReadStream({ start: 0, autoClose: false, highWaterMark: 512 * 1024 });
  for await (const chunk of content) {
    signal.throwIfAborted();
    hash.update(chunk);
    have += chunk.length;
  }
  const resumed = have > 0;
  if (resumed) options.onBytes?.(have);
  for (let connection = 1; have < blob.size || (connection === 1 && !resumed); connection++) {
    const before = have;
    try {
      await read(options, file, have, {
        restart() {
          hash = createHash('sha256');
          have = 0;
        },
        add(chunk) {
          hash.update(chunk);
          have += chunk.length;
          options.onBytes?.(have);
        },
      });
      if (have >= blob.size) break;
      throw new TransportError(`the connection ended after ${have} of ${blob.size} bytes`);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof TransportError)) throw error;
      failures = have > before ? 0 : failures + 1;
      if (failures >= fruitless || connection >= most) throw error;
    }
    await wait((options.retryBaseMs ?? 250) * 2 ** failures, undefined, { signal });
  }
  return { digest: `sha256:${hash.digest('hex')}`, resumed };
}

interface Sink {
  restart(): void;
  add(chunk: Uint8Array): void;
}

async function read(options: DownloadBlobOptions, file: FileHandle, from: number, sink: Sink): Promise<void> {
  const { blob, idleTimeoutMs = 60_000 } = options;
  const idle = new AbortController();
  const signal = AbortSignal.any([options.signal, idle.signal]);
  const response = await raw(getBlob(options.repository, blob.digest, from)).send(options.client, { signal });
  let at = from;
  if (from > 0 && !resumes(response, from)) {
    sink.restart();
    at = 0;
    await file.truncate(0);
  }
  if (response.body === null) return;
  const timer = setTimeout(() => idle.abort(new TransportError(`silent for ${idleTimeoutMs} ms`)), idleTimeoutMs);
  const chunks = response.body[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await chunks.next().catch((cause) => {
        options.signal.throwIfAborted();
        throw new TransportError(`the connection broke after ${at} of ${blob.size} bytes: ${cause}`, { cause });
      });
      if (next.done === true) return;
      timer.refresh();
      const chunk: Uint8Array = next.value;
      if (at + chunk.length > blob.size)
        throw new ImageError(`blob ${blob.digest} is longer than its ${blob.size} bytes`);
      for (let done = 0; done < chunk.length; ) {
        done += (await file.write(chunk, done, chunk.length - done, at + done)).bytesWritten;
      }
      at += chunk.length;
      sink.add(chunk);
    }
  } finally {
    clearTimeout(timer);
    await chunks.return?.().catch(() => undefined);
  }
}

function resumes(response: Response, from: number): boolean {
  const range = /^bytes ([0-9]+)-/.exec(response.headers.get('content-range') ?? '');
  return response.status === 206 && Number(range?.[1]) === from;
}
