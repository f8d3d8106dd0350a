import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { InvalidArgumentError, InvalidStateError, ResourceExhaustedError, StorageError } from 'boxlite/backend';
import type { Host } from '../host/host.ts';

/** What a tree that was copied or unpacked takes. */
export interface DiskTotals {
  readonly entries: number;
  /** Bytes of its files, holes included. */
  readonly bytes: number;
  /** Bytes that it takes of the disk below. */
  readonly allocatedBytes: number;
}

export interface UnpackLimits {
  readonly bytes: number;
  readonly entries: number;
}

/** The disk role of `boxlite-guest` (guest/disk/PROTOCOL.md): it copies and packs what Node cannot, off the event loop. */
export interface DiskProgram {
  /** `to` must not exist. Shares blocks where the file system can, and keeps holes. */
  copy(from: string, to: string): Promise<DiskTotals>;
  /** Gives a path another name, whoever owns it. */
  move(from: string, to: string): Promise<void>;
  /** Exchanges two paths in one step. */
  swap(one: string, other: string): Promise<void>;
  /** Writes out the file system that holds a directory. */
  sync(directory: string): Promise<void>;
  /** A tree as a stream, with the owners that the box sees. */
  pack(directory: string): AsyncIterable<Uint8Array>;
  /** Makes `directory` of a packed tree. `InvalidArgumentError` for one that is hostile, cut or over a limit. */
  unpack(directory: string, limits: UnpackLimits, source: AsyncIterable<Uint8Array>): Promise<DiskTotals>;
}

const refused = 2;
const full = 3;

function failure(exitCode: number | null, said: string, hostile: boolean): Error {
  const message = said.trim().slice(-1000) || `the disk program ended with ${exitCode}`;
  if (exitCode === refused) return hostile ? new InvalidArgumentError(message) : new InvalidStateError(message);
  if (exitCode === full) return new ResourceExhaustedError(`${message}; free space on the disk of the home directory`);
  return new StorageError(message);
}

function totals(text: string): DiskTotals {
  const said: unknown = JSON.parse(text);
  const field = (name: string): number => Number(Object(said)[name]);
  return { entries: field('entries'), bytes: field('bytes'), allocatedBytes: field('allocated') };
}

/** Runs it from a binary, with what is added on disk to the ids of a box; short work through the host program, streams as children of this process. */
export function diskProgram(host: Host, binary: string, idShift: number = host.space.shift): DiskProgram {
  const shift = `${idShift}`;
  const run = async (...args: string[]): Promise<string> => {
    const { exitCode, stdout, stderr } = await host.spawn({
      argv: [binary, 'disk', ...args],
      output: 'capture',
      timeoutMs: 0,
    });
    if (exitCode !== 0) throw failure(exitCode, stderr, false);
    return stdout;
  };
  return {
    copy: async (from, to) => totals(await run('copy', from, to)),
    move: async (from, to) => void (await run('move', from, to)),
    swap: async (one, other) => void (await run('swap', one, other)),
    sync: async (directory) => void (await run('sync', directory)),
    async *pack(directory) {
      const [program, ...args] = host.inside([binary, 'disk', 'pack', directory, shift]);
      const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
      const ended = once(child, 'close');
      let said = '';
      child.stderr.on('data', (bytes: Buffer) => {
        said = (said + bytes.toString()).slice(-4096);
      });
      try {
        yield* child.stdout;
        const [exitCode] = await ended;
        if (exitCode !== 0) throw failure(exitCode, said, false);
      } finally {
        child.kill('SIGKILL');
        await ended;
      }
    },
    async unpack(directory, limits, source) {
      const argv = [binary, 'disk', 'unpack', directory, shift, `${limits.bytes}`, `${limits.entries}`] as const;
      const [program, ...args] = host.inside(argv);
      const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
      const ended = once(child, 'close');
      let said = '';
      let wrong = '';
      child.stdout.on('data', (bytes: Buffer) => {
        said = (said + bytes.toString()).slice(-4096);
      });
      child.stderr.on('data', (bytes: Buffer) => {
        wrong = (wrong + bytes.toString()).slice(-4096);
      });
      // It stops reading when it refuses; how it ends says why.
      child.stdin.on('error', () => {});
      let gone = false;
      const over = ended.then(() => {
        gone = true;
      });
      try {
        for await (const bytes of source) {
          if (gone) break;
          if (!child.stdin.write(bytes)) await Promise.race([once(child.stdin, 'drain').catch(() => {}), over]);
        }
        child.stdin.end();
        const [exitCode] = await ended;
        if (exitCode !== 0) throw failure(exitCode, wrong, true);
        return totals(said);
      } finally {
        child.kill('SIGKILL');
        await ended;
      }
    },
  };
}
