import { errorAnswer } from '../http/error-answer.ts';
import { HttpError } from '../http/http-error.ts';

/** An answer as it is kept, to be given again. */
export type Answer =
  | { readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly body: string }
  | { readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly refused: Refusal }
  /** It is not kept, as it is too large or secret: the same request is simply done again. */
  | 'again';

interface Refusal {
  readonly type: string;
  readonly message: string;
}

const keptHeaders = ['content-type', 'content-length', 'location'];
const replayHeader = { 'idempotent-replay': 'true' } as const;

/** An answer to keep, and the response with all its headers. What says `no-store` is not read. */
export async function keptResponse(response: Response): Promise<{ readonly answer: Answer; readonly whole: Response }> {
  if (response.headers.get('cache-control') === 'no-store') return { answer: 'again', whole: response };
  const headers = Object.fromEntries([...response.headers].filter(([name]) => keptHeaders.includes(name)));
  const { status } = response;
  const body = await response.text();
  const whole = new Response(body === '' ? null : body, { status, headers: response.headers });
  return { answer: { status, headers, body }, whole };
}

/** A refusal to keep; undefined for one that may be gone at the next try, or that is the server's fault. */
export function keptError(error: unknown): Answer | undefined {
  const { status, headers, type, message } = errorAnswer(error, '');
  const passing = status >= 500 || [408, 425, 429, 499].includes(status) || type === 'StoppedError';
  return passing ? undefined : { status, headers, refused: { type, message } };
}

/** A kept answer once more, marked so; a kept refusal is thrown as it was the first time. */
export function given(answer: Exclude<Answer, 'again'>): Response {
  const { status } = answer;
  const headers = { ...answer.headers, ...replayHeader };
  if ('refused' in answer) throw new HttpError(status, answer.refused.type, answer.refused.message, headers);
  return new Response(answer.body === '' ? null : answer.body, { status, headers });
}
