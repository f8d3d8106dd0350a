// The client that BoxLite's generation 1 shipped, as generation-1.md describes it: its requests to the byte and the
// habits of its parser, none of our own client's code. What pleases it pleases the users who still run it.

/** An event as that client's parser delivers it. */
export interface Event {
  readonly name: string;
  readonly data: string;
}

export interface GenerationOneClient {
  send(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Response>;
  /** The events of an execution's output until the HTTP body ends. */
  output(box: string, execution: string): Promise<Event[]>;
}

/** Gets a token with a client's id and secret, and speaks as tenant `default`. */
export async function generationOneClient(url: string, id: string, secret: string): Promise<GenerationOneClient> {
  const answer = await fetch(`${url}/v1/oauth/tokens`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: `grant_type=client_credentials&client_id=${id}&client_secret=${secret}`,
  });
  const token = await answer.json();
  if (
    typeof token.access_token !== 'string' ||
    typeof token.token_type !== 'string' ||
    !Number.isInteger(token.expires_in)
  ) {
    throw new Error(`failed to parse token response: ${JSON.stringify(token)}`);
  }
  const authorization = `Bearer ${token.access_token}`;
  const send: GenerationOneClient['send'] = (method, path, body, headers = {}) =>
    fetch(`${url}/v1/default${path}`, {
      method,
      headers: {
        authorization,
        ...(body !== undefined && !(body instanceof Uint8Array) && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: body instanceof Uint8Array ? new Uint8Array(body) : JSON.stringify(body) }),
    });
  return {
    send,
    async output(box, execution) {
      const response = await send('GET', `/boxes/${box}/executions/${execution}/output`, undefined, {
        accept: 'text/event-stream',
      });
      return parseAsGenerationOne(await response.text());
    },
  };
}

/** Needs `event: ` and `data: ` with exactly one space, and ignores every other line. */
function parseAsGenerationOne(text: string): Event[] {
  const events: Event[] = [];
  let name = '';
  let data: string[] = [];
  const flush = (): void => {
    if (data.length > 0) events.push({ name, data: data.join('\n') });
    name = '';
    data = [];
  };
  for (const line of text.split('\n').map((each) => each.replace(/\r$/, ''))) {
    if (line === '') flush();
    else if (line.startsWith('event: ')) name = line.slice(7);
    else if (line.startsWith('data: ')) data.push(line.slice(6));
  }
  flush();
  return events;
}

/** The text of one stream as that client shows it: a chunk that is not valid UTF-8 is dropped whole. */
export function textOf(events: readonly Event[], stream: 'stdout' | 'stderr'): string {
  let text = '';
  for (const { name, data } of events) {
    if (name !== stream) continue;
    try {
      text += new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
        Buffer.from(JSON.parse(data).data, 'base64'),
      );
    } catch {
      // Dropped, silently.
    }
  }
  return text;
}

/** What it takes for the exit code: -1 where the stream brought none. */
export function exitCodeOf(events: readonly Event[]): number {
  const exit = events.find(({ name }) => name === 'exit');
  const code: unknown = exit && JSON.parse(exit.data).exit_code;
  return typeof code === 'number' ? code : -1;
}
