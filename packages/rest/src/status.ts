import { brokenOff, StatusError } from './errors.ts';

/** The response if it is a success; else throws the StatusError that its body tells. */
export async function checked(request: Request, response: Response): Promise<Response> {
  // The status decides, before the body: an empty or broken body does not make a failure less of one.
  if (response.ok) return response;
  const text = await readText(response);
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    body = text || undefined;
  }
  const { status, statusText, headers } = response;
  const message =
    errorText(body) || `${request.method} ${request.url.split('?')[0]} answered ${status} ${statusText}`.trim();
  throw new StatusError(message.replace(/^(.{499}).{2,}/s, '$1…'), status, headers, body);
}

/**
 * The body as text, of at most `most` characters: a TransportError where it has more, or breaks off. Without a `most`, what
 * comes of about 64 KiB, so that the connection is free again; that never throws. What is longer is cancelled.
 */
export async function readText({ body }: Response, most?: number): Promise<string> {
  let text = '';
  try {
    const reader = body?.getReader();
    const decoder = new TextDecoder();
    while (reader) {
      const { value, done } = await reader.read();
      if (done) break;
      text += decoder.decode(value, { stream: true });
      if (text.length > (most ?? 65_536)) {
        await reader.cancel();
        throw new RangeError(`over ${most} characters`);
      }
    }
  } catch (cause) {
    if (most !== undefined) throw brokenOff(cause);
  }
  return text;
}

const tellingKeys = ['message', 'error_description', 'detail', 'error', 'errors', 'msg', 'title'];

/** What a server says in any of the shapes in use: text, HTML, lists, and objects that nest it. */
function errorText(value: unknown, depth = 0): string {
  if (typeof value === 'string') {
    return ((/^\s*</.test(value) ? /<title[^>]*>([^<]*)/i.exec(value)?.[1] : value) ?? '').trim();
  }
  if (typeof value !== 'object' || !value || depth > 5) return '';
  const told = Object.entries(value).map(([key, item]) => [key, errorText(item, depth + 1)] as const);
  const known = new Map(told);
  const telling = tellingKeys.map((key) => known.get(key)).find(Boolean);
  if (telling) return telling;
  // Lists, and messages by field name: {"errors": {"name": ["is taken"]}}.
  return told.flatMap(([key, text]) => (text ? [Array.isArray(value) ? text : `${key} ${text}`] : [])).join('; ');
}
