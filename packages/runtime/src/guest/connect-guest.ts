import { closeSync, openSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { basename, dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { EngineError } from 'boxlite/backend';
import type { GuestChannel } from './channel.ts';
import { type Incoming, openGuestChannel } from './guest-channel.ts';

export interface ConnectGuestOptions {
  /** How long the guest may take to listen and to say hello, in milliseconds. @default 10000 */
  readonly timeoutMs?: number | undefined;
}

/** Bytes that a socket address holds, but for the NUL at its end. */
const addressMax = 107;
/** What a guest that does not listen yet looks like. */
const early = new Set(['ENOENT', 'ECONNREFUSED', 'EAGAIN']);

/** All channels read into it, but for long output: each piece is dealt with before the next is read. */
const buffer = Buffer.allocUnsafeSlow(64 * 1024);

interface Dialled {
  readonly socket: Socket;
  readonly incoming: Incoming;
}

function dial(path: string): Promise<Dialled> {
  return new Promise((resolve, reject) => {
    const incoming: Incoming = {
      space: () => undefined,
      take: () => socket.destroy(new Error('the box spoke before it was listened to')),
    };
    const callback = (length: number, bytes: Uint8Array): boolean => {
      incoming.take(Buffer.from(bytes.buffer, bytes.byteOffset, length));
      return true;
    };
    const socket = createConnection({ path, onread: { buffer: () => incoming.space() ?? buffer, callback } });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve({ socket, incoming });
    });
  });
}

/** A path too long for a socket address goes through an open descriptor of its directory. */
async function dialAnyLength(path: string): Promise<Dialled> {
  if (Buffer.byteLength(path) <= addressMax) return dial(path);
  const directory = openSync(dirname(path), 'r');
  try {
    return await dial(`/proc/self/fd/${directory}/${basename(path)}`);
  } finally {
    closeSync(directory);
  }
}

async function dialUntil(path: string, deadline: number): Promise<Dialled> {
  for (let waitMs = 1; ; waitMs = Math.min(waitMs * 2, 20)) {
    try {
      return await dialAnyLength(path);
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : '';
      if (!early.has(code) || performance.now() + waitMs > deadline) {
        throw new EngineError(`the box does not answer at ${path} (${code || String(error)}); its log says why`, {
          cause: error,
        });
      }
    }
    await delay(waitMs);
  }
}

/**
 * Connects to the guest that listens at a unix socket, waiting for it to come up, and takes over from whoever was
 * connected before. `EngineError` when nobody answers in time.
 */
export async function connectGuest(socketPath: string, options: ConnectGuestOptions = {}): Promise<GuestChannel> {
  const { timeoutMs = 10_000 } = options;
  const deadline = performance.now() + timeoutMs;
  const { socket, incoming } = await dialUntil(socketPath, deadline);
  const timer = setTimeout(
    () => socket.destroy(new Error(`no hello from the box within ${timeoutMs} ms`)),
    Math.max(deadline - performance.now(), 1),
  );
  try {
    return await openGuestChannel(socket, incoming);
  } catch (error) {
    throw new EngineError(`the box at ${socketPath} does not answer: ${String(error)}`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}
