import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { InvalidArgumentError, NetworkError, ResourceExhaustedError } from 'boxlite/backend';
import { abortable } from '../box/abortable.ts';
import { isRunning } from '../engine/init-process.ts';
import type { Host } from '../host/host.ts';
import { answers, type Hello } from './answer.ts';
import type { BoxNetwork, BoxNetworkPlace, DialledStream } from './box-network.ts';
import { connectControl, readLine } from './control-socket.ts';

const endMs = 2000;

/** The process as the note in the box's folder names it. */
interface Note {
  readonly pid: number;
  readonly startTime: number;
}

export function socketPath({ folder }: BoxNetworkPlace): string {
  return `${folder}/network.sock`;
}

function notePath({ folder }: BoxNetworkPlace): string {
  return `${folder}/network.json`;
}

// A thread for so few bytes would take longer than to read them.
function startTime(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[19]);
}

async function readNote(place: BoxNetworkPlace): Promise<Note | undefined> {
  const text = await readFile(notePath(place), 'utf8').catch(() => '');
  const [pid, start] = text.split(' ').map(Number);
  return pid && start ? { pid, startTime: start } : undefined;
}

/** Ends the process that the note names, if it still runs, and removes what the network left in the folder. */
export async function endNetwork(host: Host, place: BoxNetworkPlace): Promise<void> {
  const note = await readNote(place);
  if (note === undefined) {
    // A runtime that died before its note: the process takes the word of whoever connects.
    const socket = await connectControl(socketPath(place)).catch(() => undefined);
    if (socket !== undefined) {
      socket.once('end', () => socket.destroy()).once('error', () => undefined);
      socket.resume().write('end\n');
      await new Promise((resolve) => socket.once('close', resolve));
    }
  } else if (await isRunning(note)) {
    await host.kill({ ...note, waitMs: endMs });
  }
  await Promise.all([rm(socketPath(place), { force: true }), rm(notePath(place), { force: true })]);
}

/** A connection on which requests are answered in their order. */
function requester(socket: Socket): (line: string) => Promise<string> {
  let last: Promise<unknown> = Promise.resolve();
  return (line) => {
    const answer = last.then(() => {
      socket.write(`${line}\n`);
      return readLine(socket);
    });
    last = answer.catch(() => undefined);
    return answer;
  };
}

async function dialPort(path: string, port: number): Promise<{ readonly socket: Socket; readonly id: string }> {
  const socket = await connectControl(path).catch((cause: unknown) => {
    throw new NetworkError('the network process of the box has ended; stop the box and start it again', { cause });
  });
  try {
    socket.write(`dial ${port}\n`);
    const answer = await readLine(socket);
    const [, id] = /^ok (\d+)$/.exec(answer) ?? [];
    if (id !== undefined) return { socket, id };
    if (answer === 'full') throw new ResourceExhaustedError('the box has too many connections; close some');
    const why = answer === 'refused' ? 'connection refused: nothing listens there' : 'the connection failed';
    throw new NetworkError(`port ${port} of the box: ${why}`);
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** Takes the process over by its socket, and with it the duty to end it where it is attached. */
export async function takeOver(host: Host, place: BoxNetworkPlace): Promise<BoxNetwork> {
  return own(host, place, await connectControl(socketPath(place)), undefined);
}

/** Has the process on that connection join a namespace, and takes it over. `EngineError` with its reason where it cannot. */
export function joinAndTakeOver(
  host: Host,
  place: BoxNetworkPlace,
  socket: Socket,
  namespacePath: string,
): Promise<BoxNetwork> {
  return own(host, place, socket, namespacePath);
}

async function own(
  host: Host,
  place: BoxNetworkPlace,
  socket: Socket,
  joined: string | undefined,
): Promise<BoxNetwork> {
  const path = socketPath(place);
  const request = requester(socket);
  const closed = Promise.withResolvers<void>();
  socket.once('close', () => closed.resolve());
  socket.once('end', () => socket.destroy());
  socket.on('error', () => closed.resolve());
  let hello: Hello;
  let namespace: number | undefined;
  try {
    hello = answers.hello(await request(joined === undefined ? 'own' : `join ${joined}`));
    // Pinned by a descriptor: an engine must never meet a later process with the keeper's number. That it answers once
    // more says that the keeper was still there.
    if (joined === undefined) {
      namespace = openSync(`/proc/${hello.keeper}/ns/net`, 'r');
      answers.usage(await request('usage'));
    }
    writeFileSync(notePath(place), `${hello.pid} ${startTime(hello.pid)}`, { mode: 0o600 });
  } catch (error) {
    if (namespace !== undefined) closeSync(namespace);
    socket.destroy();
    throw error;
  }
  socket.unref();
  const closeNamespace = closed.promise.then(() => {
    if (namespace !== undefined) closeSync(namespace);
  });
  let asking = 0;
  const ask = async (line: string): Promise<string> => {
    if (asking++ === 0) socket.ref();
    try {
      return await request(line);
    } finally {
      if (--asking === 0) socket.unref();
    }
  };
  const letGo = async (): Promise<void> => {
    socket.destroy();
    await closed.promise;
    await closeNamespace;
  };
  return {
    namespacePath: joined ?? `/proc/${process.pid}/fd/${namespace}`,
    resolver: hello.resolver,
    ports: hello.ports,
    closed: closed.promise,
    usage: async () => answers.usage(await ask('usage')),
    events: async (after = 0) => answers.events(await ask(`events ${after}`)),
    async dial(port, signal): Promise<DialledStream> {
      if (!Number.isInteger(port) || port < 1 || port > 65_535)
        throw new InvalidArgumentError(`port ${port}: must be 1 to 65535`);
      signal?.throwIfAborted();
      const dialled = dialPort(path, port);
      const { socket: stream, id } = await abortable(dialled, signal).catch((error: unknown) => {
        dialled.then((late) => late.socket.destroy()).catch(() => undefined);
        throw error;
      });
      signal?.addEventListener('abort', () => stream.destroy(), { once: true });
      const assertWhole = async (): Promise<void> => {
        if ((await ask(`broken ${id}`)) !== 'no')
          throw new NetworkError(`port ${port} of the box: the connection broke`);
      };
      return Object.assign(stream, { assertWhole });
    },
    letGo,
    async close() {
      await endNetwork(host, place);
      await letGo();
    },
  };
}
