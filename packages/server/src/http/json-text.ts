const maxDepth = 64;
const numberPattern = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const spacePattern = /[ \t\n\r]*/y;
const words: ReadonlyMap<string, boolean | null> = new Map([
  ['true', true],
  ['false', false],
  ['null', null],
]);

/** A text is not JSON as this server takes it; the message names the position, counted from 0. */
export class JsonTextError extends Error {
  override readonly name = 'JsonTextError';
}

/**
 * Reads JSON (RFC 8259) and refuses what parsers disagree on: keys given twice, lone surrogates, numbers out of range,
 * more than 64 levels. Objects have no prototype.
 */
export function parseJson(text: string): unknown {
  let at = 0;

  function fail(what: string, position = at): never {
    throw new JsonTextError(`malformed JSON at position ${position}: ${what}`);
  }
  function take(pattern: RegExp): string | undefined {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    if (found !== undefined) at += found.length;
    return found;
  }
  function space(): void {
    take(spacePattern);
  }
  /** The quote that ends the string which begins here. */
  function stringEnd(): number {
    for (let end = text.indexOf('"', at + 1); end !== -1; end = text.indexOf('"', end + 1)) {
      let slashes = 0;
      while (text[end - 1 - slashes] === '\\') slashes++;
      if (slashes % 2 === 0) return end;
    }
    return fail('a string that does not end');
  }
  function string(): string {
    const start = at;
    at = stringEnd() + 1;
    const value = unquoted(text.slice(start, at));
    if (value === undefined) return fail('a string with a raw control character or a bad escape', start);
    if (!value.isWellFormed()) return fail('a string with a lone surrogate', start);
    return value;
  }
  function number(): number {
    const start = at;
    const raw = take(numberPattern);
    if (raw === undefined) return fail('a number was expected', start);
    const value = Number(raw);
    if (!Number.isFinite(value)) return fail('a number out of range', start);
    return value;
  }
  /** The rest of a list or object after its opening bracket; `item` reads one element. */
  function items(close: string, depth: number, item: () => void): void {
    if (depth > maxDepth) fail(`more than ${maxDepth} levels`);
    at++;
    space();
    if (text[at] === close) {
      at++;
      return;
    }
    for (;;) {
      item();
      space();
      const next = text[at];
      if (next !== ',' && next !== close) fail(`"," or "${close}" was expected`);
      at++;
      if (next === close) return;
      space();
    }
  }
  function object(depth: number): Record<string, unknown> {
    const found: Record<string, unknown> = Object.create(null);
    items('}', depth, () => {
      const start = at;
      if (text[at] !== '"') fail('a key in quotes was expected');
      const key = string();
      if (Object.hasOwn(found, key)) fail(`the key ${JSON.stringify(key.slice(0, 100))} is given twice`, start);
      space();
      if (text[at] !== ':') fail('":" was expected');
      at++;
      found[key] = value(depth + 1);
    });
    return found;
  }
  function list(depth: number): unknown[] {
    const found: unknown[] = [];
    items(']', depth, () => found.push(value(depth + 1)));
    return found;
  }
  function value(depth: number): unknown {
    space();
    const first = text[at];
    if (first === undefined) return fail('the text ends too early');
    if (first === '{') return object(depth);
    if (first === '[') return list(depth);
    if (first === '"') return string();
    for (const [word, meaning] of words) {
      if (text.startsWith(word, at)) {
        at += word.length;
        return meaning;
      }
    }
    return /[-0-9]/.test(first) ? number() : fail('a value was expected');
  }

  const result = value(1);
  space();
  if (at < text.length) fail('something follows the value');
  return result;
}

function unquoted(raw: string): string | undefined {
  try {
    const value: unknown = JSON.parse(raw);
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}
