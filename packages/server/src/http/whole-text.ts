/** An answer whose body is a text. The stream of it is made only for who asks: a connection writes the text as it is. */
class TextResponse extends Response {
  readonly wholeText: string;
  constructor(text: string, init: ResponseInit) {
    super(null, init);
    this.wholeText = text;
  }
}

/** What reads a body, and the body itself: of a {@link TextResponse} they are those of a response made then. */
const readers = ['arrayBuffer', 'blob', 'bytes', 'clone', 'formData', 'json', 'text'] as const;
const read = new WeakMap<TextResponse, Response>();

function readable(response: TextResponse): Response {
  const known = read.get(response);
  if (known) return known;
  const { status, headers, wholeText } = response;
  const made = new Response(wholeText, { status, headers });
  read.set(response, made);
  return made;
}

for (const name of readers) {
  Object.defineProperty(TextResponse.prototype, name, {
    value(this: TextResponse) {
      return readable(this)[name]();
    },
  });
}
Object.defineProperty(TextResponse.prototype, 'body', {
  get(this: TextResponse) {
    return readable(this).body;
  },
});
Object.defineProperty(TextResponse.prototype, 'bodyUsed', {
  get(this: TextResponse) {
    return read.get(this)?.bodyUsed ?? false;
  },
});

/** An answer whose body is this text, with its length. */
export function textResponse(status: number, text: string, headers: Readonly<Record<string, string>>): Response {
  const length = { 'content-length': `${Buffer.byteLength(text)}` };
  return new TextResponse(text, { status, headers: { ...headers, ...length } });
}

/** The text of an answer that {@link textResponse} made, as long as nobody reads it; undefined for any other. */
export function wholeText(response: Response): string | undefined {
  return response instanceof TextResponse && !response.bodyUsed ? response.wholeText : undefined;
}
