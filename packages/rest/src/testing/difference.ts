/** What a request should be, all told. */
export interface ExpectedRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string | null>>;
  readonly body: unknown;
}

/** Says how a request differs from the expected one; undefined when it does not. */
export async function difference(request: Request, expected: ExpectedRequest): Promise<string | undefined> {
  const url = new URL(request.url);
  const pairs: [what: string, got: string, wanted: string][] = [
    ['method', request.method, expected.method],
    ['url', url.origin + url.pathname, expected.url.origin + expected.url.pathname],
    ['parameters', spellParams(url), spellParams(expected.url)],
  ];
  for (const [name, value] of Object.entries(expected.headers)) {
    pairs.push([`header ${name}`, String(request.headers.get(name)), String(value)]);
  }
  pairs.push(['body', ...(await spellBodies(request, expected.body))]);
  const wrong = pairs.find(([, got, wanted]) => got !== wanted);
  return wrong && `${wrong[0]} is ${wrong[1] || '(none)'}, expected ${wrong[2] || '(none)'}`;
}

/** Sorted by key; the order of a repeated key is kept, for it may mean something. */
function spellParams(url: URL): string {
  const sorted = new URLSearchParams(url.search);
  sorted.sort();
  return sorted.toString();
}

/** What came and what was expected, spelled alike. */
async function spellBodies(request: Request, body: unknown): Promise<[string, string]> {
  const bytes = new Uint8Array(await request.arrayBuffer());
  if (body instanceof Uint8Array) return [bytes.join(' '), body.join(' ')];
  const text = new TextDecoder().decode(bytes);
  if (body === undefined || typeof body === 'string') return [text, body ?? ''];
  const wanted = canonical(JSON.parse(JSON.stringify(body)));
  try {
    return [canonical(JSON.parse(text)), wanted];
  } catch {
    return [text, wanted];
  }
}

/** JSON with the keys of every object sorted. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
