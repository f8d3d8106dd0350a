import { must, shown } from './outcome.ts';
import type { Answer } from './wire.ts';

/** An event as a client reads it. */
export interface SseEvent {
  readonly name: string;
  readonly id: string | undefined;
  readonly data: unknown;
}

/** The events of a whole answer, as strictly as clients of generation 1 read them: one space, data in one line. */
export function sseEvents(answer: Answer): readonly SseEvent[] {
  const type = answer.is(200).headers.get('content-type') ?? 'none';
  must(/^text\/event-stream\b/.test(type), `${answer.request} must answer text/event-stream; it is ${type}`);
  const frames = answer.text.split(/\r?\n\r?\n/);
  same(frames.pop() ?? '');
  return frames.flatMap((frame) => {
    const lines = frame.split(/\r?\n/).filter((line) => line !== '' && !line.startsWith(':'));
    return lines.length === 0 ? [] : [event(lines)];
  });
}

function same(rest: string): void {
  must(rest === '', `the stream must end with an empty line; after the last one is ${shown(rest)}`);
}

function event(lines: readonly string[]): SseEvent {
  const fields = lines.map((line) => {
    const [, name = '', value = ''] = /^(event|id|data): (.*)$/.exec(line) ?? [];
    must(name !== '', `a line of the stream must be "event: ", "id: " or "data: " and a value; it is ${shown(line)}`);
    return [name, value] as const;
  });
  const data = fields.filter(([name]) => name === 'data');
  must(data.length === 1, `an event's data must be one line; it is ${data.length}`);
  const found = new Map(fields);
  return { name: found.get('event') ?? 'message', id: found.get('id'), data: JSON.parse(found.get('data') ?? '') };
}
