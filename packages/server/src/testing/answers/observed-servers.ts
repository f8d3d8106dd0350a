import type { IncomingMessage, ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import net from 'node:net';
import type { Duplex } from 'node:stream';
import type { rawAnswer } from './raw-answer.ts';

const load = createRequire(import.meta.url);
// Only once a server answers: reading the contract takes longer than most programs that are started with this.
const answers = (): typeof import('./answer.ts') => load('./answer.ts');
const raw = (): { readonly rawAnswer: typeof rawAnswer } => load('./raw-answer.ts');

const installed = Symbol.for('boxlite.answers.observed');
const ours = /[/\\]server[/\\](?:src|dist)[/\\]node[/\\]listen\.[jt]s/;

/**
 * From now on, every answer that a server of `listen` in packages/server writes in this process is held to spec/openapi.yaml, as it is
 * written: over HTTP, over the sockets of upgrades and of `CONNECT`. The server itself is not changed, and knows nothing of it.
 */
export function observeServers(): void {
  if (Reflect.has(globalThis, installed)) return;
  Reflect.set(globalThis, installed, true);
  const { listen } = net.Server.prototype;
  net.Server.prototype.listen = function (this: net.Server, ...args: readonly unknown[]): net.Server {
    if (ours.test(new Error('where').stack ?? '')) observe(this);
    return Reflect.apply(listen, this, args);
  };
}

function observe(server: net.Server): void {
  const { emit } = server;
  server.emit = (event: string | symbol, ...args: unknown[]): boolean => {
    const [one, other] = args;
    if (event === 'request') observeResponse(Object(one), Object(other));
    else if (event === 'upgrade' || event === 'connect') observeSocket(Object(one), Object(other));
    else if (event === 'clientError') observeRefusal(Object(other));
    return Reflect.apply(emit, server, [event, ...args]);
  };
}

const bytesOf = (chunk: unknown, encoding: unknown): Uint8Array | undefined => {
  if (chunk instanceof Uint8Array) return chunk;
  if (typeof chunk !== 'string') return undefined;
  return Buffer.from(chunk, encoding === 'latin1' || encoding === 'binary' ? 'latin1' : 'utf8');
};

function observeResponse(request: IncomingMessage, response: ServerResponse): void {
  const { method = '', url: target = '' } = request;
  if (method === 'OPTIONS') return;
  const { writeHead, write, end } = response;
  let check: ReturnType<ReturnType<typeof answers>['answerCheck']> | undefined;
  response.writeHead = (...args: unknown[]): ServerResponse => {
    const [status, ...rest] = args;
    // Who went away is told nothing.
    if (status !== 499)
      check ??= answers().answerCheck({ method, target }, Number(status), headersOf(response, rest.at(-1)));
    return Reflect.apply(writeHead, response, args);
  };
  response.write = (...args: unknown[]): boolean => {
    const bytes = bytesOf(args[0], args[1]);
    if (bytes) check?.push(bytes);
    return Reflect.apply(write, response, args);
  };
  response.end = (...args: unknown[]): ServerResponse => {
    const result = Reflect.apply(end, response, args);
    const bytes = bytesOf(args[0], args[1]);
    if (bytes) check?.push(bytes);
    check?.end(true);
    return result;
  };
  response.once('close', () => check?.end(false));
}

/** Those that were set, and those that are given with the status. */
function headersOf(response: ServerResponse, given: unknown): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(response.getHeaders())) headers.append(name, `${value}`);
  if (Array.isArray(given))
    for (let at = 0; at + 1 < given.length; at += 2) headers.append(`${given[at]}`, `${given[at + 1]}`);
  else if (typeof given === 'object')
    for (const [name, value] of Object.entries(Object(given))) headers.append(name, `${value}`);
  return headers;
}

function observeSocket({ method = '', url: target = '' }: IncomingMessage, socket: Duplex): void {
  const { write, end } = socket;
  const answer = raw().rawAnswer({ method, target });
  const seen = (args: readonly unknown[]): void => {
    const bytes = bytesOf(args[0], args[1]);
    if (bytes) answer.push(bytes);
  };
  socket.write = (...args: unknown[]): boolean => {
    seen(args);
    return Reflect.apply(write, socket, args);
  };
  socket.end = (...args: unknown[]): Duplex => {
    seen(args);
    return Reflect.apply(end, socket, args);
  };
  socket.once('close', () => answer.end());
}

/** What is said to bytes that are no request. */
function observeRefusal(socket: Duplex): void {
  const { end } = socket;
  socket.end = (...args: unknown[]): Duplex => {
    const bytes = bytesOf(args[0], args[1]);
    if (bytes) {
      const answer = raw().rawAnswer({ method: 'UNREADABLE', target: '' });
      answer.push(bytes);
      answer.end();
    }
    return Reflect.apply(end, socket, args);
  };
}
