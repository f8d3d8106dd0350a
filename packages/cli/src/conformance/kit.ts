import { randomBytes } from 'node:crypto';
import { type Attachment, opened, upgrade } from './attachment.ts';
import { like, member, must, same, Unmet } from './outcome.ts';
import type { Server } from './server.ts';
import { type SseEvent, sseEvents } from './sse.ts';
import type { Answer, Caller, Sent } from './wire.ts';

/** What a requirement works with: the server, and boxes that go when it is through. */
export interface Kit {
  readonly server: Server;
  /** Asks below the tenant, with the credential. */
  send(method: string, path: string, sent?: Sent): Promise<Answer>;
  /** A name that nothing has. */
  name(): string;
  /** A body of createBox with members over its own. */
  making(members?: Readonly<Record<string, unknown>>): Record<string, unknown>;
  /** Makes a box; its id. */
  box(members?: Readonly<Record<string, unknown>>, by?: Caller): Promise<string>;
  /** Starts a command of the shell; the execution's path. */
  shell(box: string, script: string, members?: Readonly<Record<string, unknown>>, by?: Caller): Promise<string>;
  /** The whole output of an execution, as events. */
  events(execution: string, headers?: Readonly<Record<string, string>>, by?: Caller): Promise<readonly SseEvent[]>;
  /** Attaches to a path; leaves when the requirement is through. */
  attach(path: string, by?: Caller): Promise<Attachment>;
  /** Waits until an execution has ended; what it is then. */
  ended(execution: string): Promise<unknown>;
  /** Removes what is at a path when the requirement is through, whether or not it is there. */
  removeLater(path: string, by?: Caller): void;
}

/** A kit, and the way to clean up behind it. */
export function kitOf(server: Server): Kit & AsyncDisposable {
  const { tenant, target } = server;
  const cleanups: (() => Promise<unknown>)[] = [];
  const name = (): string => `conformance-${randomBytes(6).toString('hex')}`;
  const making: Kit['making'] = (members = {}) => ({
    ...(target.image !== undefined && { image: target.image }),
    ...members,
  });
  const removeLater: Kit['removeLater'] = (path, by = tenant) => {
    cleanups.push(async () => {
      const { status, text } = await by.send('DELETE', path);
      must(status < 300 || status === 404, `DELETE ${path} must clean up; it is ${status} ${text}`);
    });
  };
  return {
    server,
    send: tenant.send,
    name,
    making,
    removeLater,
    async box(members, by = tenant) {
      const answer = await by.send('POST', '/boxes', { json: making({ auto_remove: false, ...members }) });
      const id = like(member(answer.is(201).json(), 'box_id'), /./, 'box_id');
      removeLater(`/boxes/${id}?force=true`, by);
      return id;
    },
    async shell(box, script, members, by = tenant) {
      const json = { command: 'sh', args: ['-c', script], ...members };
      const answer = await by.send('POST', `/boxes/${box}/exec`, { json });
      return `/boxes/${box}/executions/${like(member(answer.is(201).json(), 'execution_id'), /./, 'execution_id')}`;
    },
    async events(execution, headers = {}, by = tenant) {
      return sseEvents(await by.send('GET', `${execution}/output`, { headers }));
    },
    async attach(path, by = tenant) {
      const attachment = opened(await upgrade(by, path));
      cleanups.push(() => attachment.close());
      return attachment;
    },
    async ended(execution) {
      const deadline = Date.now() + 30_000;
      for (;;) {
        const found = (await tenant.send('GET', execution)).is(200).json();
        if (member(found, 'status') !== 'running') return found;
        if (Date.now() > deadline) throw new Unmet('the execution must end; after 30 s it is still running');
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    async [Symbol.asyncDispose]() {
      let failed: unknown;
      // One after another, last made first: a volume cannot go before the box that has it.
      for (const clean of cleanups.reverse()) {
        try {
          await clean();
        } catch (error) {
          failed = error;
        }
      }
      if (failed !== undefined) throw failed;
    },
  };
}

/** Bytes of one stream, of all events together. */
export function bytesOf(events: readonly SseEvent[], stream: 'stdout' | 'stderr'): Buffer {
  return Buffer.concat(
    events
      .filter((one) => one.name === stream)
      .map((one) => {
        const base64 = member(one.data, 'data');
        must(typeof base64 === 'string', `data of a ${stream} event must be a string`);
        const bytes = Buffer.from(base64, 'base64');
        same(base64, bytes.toString('base64'), `data of a ${stream} event, as padded base64,`);
        return bytes;
      }),
  );
}
