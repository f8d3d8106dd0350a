import { setTimeout as delay } from 'node:timers/promises';

/** What a reader of an execution's output has got. */
export interface Got {
  readonly stdout: Buffer;
  readonly exitCode: number;
  /** How often it had to ask again. */
  readonly resumed: number;
}

/** Where to ask; looked up for each request, since a server that comes back may have another port. */
export interface Source {
  readonly url: () => string;
  readonly headers: Readonly<Record<string, string>>;
  /** Told of each answer that begins. */
  readonly onConnect?: () => void;
  /** Told of each event. */
  readonly onEvent?: () => void;
}

/**
 * Reads the stdout of an execution by plain Server-Sent Events, as any client may that keeps the last id that it saw, and
 * asks again from there whenever the connection breaks. Fails where the stream says that something is lost.
 */
export async function readToTheEnd(source: Source): Promise<Got> {
  const pieces: Buffer[] = [];
  let lastId: string | undefined;
  for (let connected = 0; ; ) {
    try {
      const headers = { ...source.headers, ...(lastId !== undefined && { 'last-event-id': lastId }) };
      const response = await fetch(source.url(), { headers });
      if (response.status !== 200) throw new LostOutput(`HTTP ${response.status}: ${await response.text()}`);
      connected++;
      source.onConnect?.();
      for await (const { event, id, data } of eventsOf(response)) {
        source.onEvent?.();
        if (event === 'error') throw new LostOutput(data);
        if (event === 'exit') {
          return { stdout: Buffer.concat(pieces), exitCode: JSON.parse(data).exit_code, resumed: connected - 1 };
        }
        if (event === 'stdout') pieces.push(Buffer.from(JSON.parse(data).data, 'base64'));
        lastId = id;
      }
    } catch (error) {
      if (error instanceof LostOutput) throw error;
    }
    // The server is gone, or comes back.
    await delay(20);
  }
}

class LostOutput extends Error {}

/** Whole events only: what a break cuts off was not received. */
async function* eventsOf(response: Response): AsyncGenerator<{ event?: string; id?: string; data: string }> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    const events = text.split('\n\n');
    text = events.pop() ?? '';
    for (const lines of events) {
      const fields = Object.fromEntries(lines.split('\n').map((line) => line.split(/: (.*)/s).slice(0, 2)));
      if (fields.event !== undefined) yield { data: '', ...fields };
    }
  }
}
