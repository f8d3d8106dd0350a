import { expect } from 'vitest';
import { type Answered, ask, type Question } from './asked.ts';
import { call, type OpenSite, ownerKey, type Variation } from './site.ts';

/** The image of every box here. */
export const image = 'boxlite/base:latest';

/** Asks one site, and says what was expected of it. */
export interface Asker extends Disposable {
  readonly site: OpenSite;
  /** Asks for an operation, and leaves the answer as it is. */
  ask(id: string, given?: Variation, url?: string): Promise<Answered>;
  /** The JSON of an answer that must have this status. */
  got(id: string, status: number, given?: Variation, url?: string): Promise<Record<string, string>>;
  /** Asks these, one after another: a row each. */
  rows(rows: readonly Row[]): Promise<void>;
  /** A box, and its id. */
  box(json?: object): Promise<string>;
  /** A command in a box, and its id. */
  command(box: string, json: object): Promise<string>;
  ticket(box: string, port: number, url?: string): Promise<string>;
  /** The answer to `CONNECT` with a ticket. */
  connect(ticket: string, url?: string, headers?: Question['headers']): Promise<Answered>;
  /** The output of an execution to its end. */
  output(box: string, execution: string): Promise<string>;
  expectStatus(answer: Answered, status: number): void;
  /** The kinds of events in a body, each once. */
  expectEvents(body: string, kinds: readonly string[]): void;
}

/** An operation, the status of its answer, and what it is asked with. */
export type Row = readonly [operation: string, status: number, given?: Variation];

/** Asks a site; connections that became something else are closed at its end. */
export function asker(site: OpenSite): Asker {
  const open: Answered[] = [];
  const kept = async (asked: Promise<Answered>): Promise<Answered> => {
    const answer = await asked;
    if (answer.socket) open.push(answer);
    return answer;
  };
  const own: Asker = {
    site,
    ask: (id, given = {}, url = site.url) => kept(call(url, id, given)),
    async got(id, status, given, url) {
      const { status: found, headers, body } = await own.ask(id, given, url);
      const text = body.toString();
      expect(`${id} ${found} ${found === status ? '' : text.slice(0, 300)}`).toBe(`${id} ${status} `);
      return headers['content-type'] === 'application/json' && text !== '' ? JSON.parse(text) : {};
    },
    async rows(rows) {
      for (const [id, status, given] of rows) await own.got(id, status, given);
    },
    async box(json = {}) {
      return (await own.got('createBox', 201, { json: { image, ...json } }))['box_id'] ?? '';
    },
    async command(box, json) {
      return (await own.got('startExecution', 201, { holes: { box_id: box }, json }))['execution_id'] ?? '';
    },
    async ticket(box, port, url) {
      return (await own.got('openTunnel', 200, { holes: { box_id: box }, query: `port=${port}` }, url))['ticket'] ?? '';
    },
    connect: (ticket, url = site.url, headers = {}) =>
      kept(ask(url, { method: 'CONNECT', path: `${ticket}@${new URL(url).host}`, headers })),
    async output(box, execution) {
      const url = `${site.url}/v1/a/boxes/${box}/executions/${execution}/output`;
      return (await fetch(url, { headers: { authorization: `Bearer ${ownerKey}` } })).text();
    },
    expectStatus: ({ status, body }, wanted) => expect([status, body.toString()]).toEqual([wanted, expect.anything()]),
    expectEvents(body, kinds) {
      const found = [...body.matchAll(/^event: (\w+)$/gm)].map(([, kind]) => kind);
      expect([...new Set(found)]).toEqual(kinds);
    },
    [Symbol.dispose]() {
      for (const { socket } of open) socket?.destroy();
    },
  };
  return own;
}

/** What a server is asked for a reason of its own; each gets the site that all share. */
export type Scenarios = Readonly<Record<string, (asker: Asker) => Promise<void>>>;
