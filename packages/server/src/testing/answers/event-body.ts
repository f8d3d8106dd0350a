import type { OperationAnswers } from './contract.ts';
import { within } from './contract.ts';
import { whatIsWrong, whatIsWrongInText } from './schema.ts';

/** A body as it comes, piece by piece. Each tells what is wrong, once there is something. */
export interface BodyCheck {
  push(bytes: Uint8Array): string | undefined;
  /** `whole` unless the body was cut. */
  end(whole: boolean): string | undefined;
}

/**
 * Server-Sent Events, as generation 1 reads them: each event is a block of `event: `, `id: ` and one line `data: `, its name is one of the
 * operation's `x-sse-events`, and its id and data are what that says. Nothing comes after an event that is the `last`.
 */
export function eventBody({ operation }: OperationAnswers): BodyCheck {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let rest = '';
  let ended: string | undefined;

  function wrongIn(block: string): string | undefined {
    const lines = block.split('\n').filter((line) => !line.startsWith(':'));
    if (lines.length === 0) return undefined;
    const fields = new Map<string, string>();
    for (const line of lines) {
      const [, name = '', value = ''] = /^(event|id|data): (.*)$/.exec(line) ?? [];
      if (name === '' || fields.has(name)) return `this is no line of an event: ${line.slice(0, 200)}`;
      fields.set(name, value);
    }
    const name = fields.get('event') ?? '';
    const place = within(operation, 'x-sse-events');
    const event = place && within(place, name);
    if (!event) return `the contract has no event ${JSON.stringify(name)} (${place?.pointer})`;
    if (ended !== undefined) return `there is an event ${name} after ${ended}, which is the last`;
    if (event.value.last) ended = name;
    const [id, ids] = [fields.get('id'), within(event, 'id')];
    if (id === undefined && ids) return `an event ${name} has no id (${ids.pointer})`;
    if (id !== undefined && !ids) return `an event ${name} has an id, and must have none (${event.pointer})`;
    const data = within(event, 'data');
    const wrong = (ids && whatIsWrong(ids, id)) ?? (data && whatIsWrongInText(data, fields.get('data') ?? ''));
    return wrong && `event ${name}: ${wrong}`;
  }

  return {
    push(bytes) {
      rest += decoder.decode(bytes, { stream: true });
      for (let at = rest.indexOf('\n\n'); at !== -1; at = rest.indexOf('\n\n')) {
        const wrong = wrongIn(rest.slice(0, at));
        rest = rest.slice(at + 2);
        if (wrong !== undefined) return wrong;
      }
      return undefined;
    },
    end: (whole) =>
      whole && rest !== '' ? `the body ends in the middle of an event: ${rest.slice(0, 200)}` : undefined,
  };
}
