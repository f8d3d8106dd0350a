/** One Server-Sent Event as a generation-1 client reads it. */
export interface ReadEvent {
  readonly event: string;
  readonly id: string | undefined;
  readonly data: string;
}

/** Reads events by the rules of generation 1: lines need the exact prefixes `event: ` and `data: `. */
export function readEvents(text: string): ReadEvent[] {
  const events: ReadEvent[] = [];
  for (const block of text.split('\n\n')) {
    const lines = block.split('\n');
    const field = (name: string): string | undefined =>
      lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
    const event = field('event');
    if (event !== undefined) events.push({ event, id: field('id'), data: field('data') ?? '' });
  }
  return events;
}

/** The bytes of a `stdout` or `stderr` event. */
export function eventBytes({ data }: ReadEvent): Buffer {
  const parsed: unknown = JSON.parse(data);
  const encoded = typeof parsed === 'object' && parsed !== null && 'data' in parsed ? parsed.data : undefined;
  if (typeof encoded !== 'string') throw new TypeError(`not the data of an output event: ${data}`);
  return Buffer.from(encoded, 'base64');
}
