import { StatusError } from './errors.ts';

/** The response if it is a success; else throws the StatusError that its body tells. */
export async function checked(request: Request, response: Response): Promise<Response> {
  // The status decides, before the body: an empty or broken body does not make a failure less of one.
  if (response.ok) return response;
  const text = await excerpt(response);
  let body: unknown = text || undefined;
  try {
    body = JSON.parse(text);
  } catch {
    // Not JSON: the text itself.
  }
  const { status, statusText, headers } = response;
  const message =
    errorText(body) || `${request.method} ${request.url.split('?')[0]} answered ${status} ${statusText}`.trim();
  throw new StatusError(message.length > 500 ? `${message.slice(0, 499)}…` : message, status, headers, body);
}

/** About 64 KiB of the body, read so that the connection is free again; a longer body is cancelled. Never throws. */
export async function excerpt(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  const decoder = new TextDecoder();
  let text = '';
  try {
    while (reader && text.length < 65_536) {
      const { value, done } = await reader.read();
      if (done) return text;
      text += decoder.decode(value, { stream: true });
    }
    await reader?.cancel();
  } catch {
    // It broke off; what came before still counts.
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
  const telling = tellingKeys.find((key) => known.get(key));
  if (telling) return known.get(telling) ?? '';
  // Lists, and messages by field name: {"errors": {"name": ["is taken"]}}.
  return told.flatMap(([key, text]) => (text ? [Array.isArray(value) ? text : `${key} ${text}`] : [])).join('; ');
}
