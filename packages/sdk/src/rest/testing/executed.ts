import type { IncomingHttpHeaders } from 'node:http';
import type { RetryOptions } from '@boxlite/rest';
import type { Box } from '../../box.ts';
import { Boxlite } from '../../boxlite.ts';
import { type Answer, box, boxPath, executionPath, exitText, json, type Piece, sse } from './generation-1-server.ts';

const retries = { baseMs: 1, maxMs: 5 };
/** The exit event of a command that went well. */
export const exit0: string = exitText({ exit_code: 0, duration_ms: 7, signal: null, timed_out: false });
/** What it wrote. */
export const pieces: readonly Piece[] = [
  { stream: 'stdout', data: Buffer.from('hel') },
  { stream: 'stderr', data: Buffer.from([0xff, 0x00]) },
  { stream: 'stdout', data: Buffer.from('lo') },
];

/** What a server answers on one box and one command of it, with its output. */
export function answers(output: Answer, more: Readonly<Record<string, Answer>> = {}): Readonly<Record<string, Answer>> {
  return {
    'GET /v1/default/boxes/demo': (_, response) => json(response, 200, box),
    [`POST ${boxPath}/exec`]: (_, response) => json(response, 201, { execution_id: 'e1' }),
    [`POST ${executionPath}/input`]: (_, response) => void response.writeHead(204).end(),
    [`POST ${executionPath}/signal`]: (_, response) => void response.writeHead(204).end(),
    [`GET ${executionPath}/output`]: output,
    ...more,
  };
}

/** All of that output, from the cursor that was asked for. */
export const whole: Answer = ({ headers }, response) => {
  response.writeHead(200, { 'content-type': 'text/event-stream' }).end(sse(pieces, last(headers), exit0));
};

/** Where a reader goes on. */
export function last(headers: IncomingHttpHeaders): string | undefined {
  return headers['last-event-id']?.toString();
}

/** The box of such a server. */
export async function demo(url: string, more: RetryOptions = {}): Promise<Box> {
  const found = await Boxlite.rest({ url, retries: { ...retries, ...more } }).get('demo');
  if (!found) throw new Error('no box');
  return found;
}
