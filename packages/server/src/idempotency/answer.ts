import { errorAnswer } from '../http/error-answer.ts';
import { HttpError } from '../http/http-error.ts';
import type { Reply } from '../http/reply.ts';

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

/** What is kept of an answer: nothing of what says `no-store`, or is sent as it comes, unless it says what instead. */
export function keptReply({ status, headers, body, repeated }: Reply): Answer {
  if (repeated) return keptReply(repeated);
  if (headers['cache-control'] === 'no-store' || (body !== null && typeof body !== 'string')) return 'again';
  const kept = Object.fromEntries(Object.entries(headers).filter(([name]) => keptHeaders.includes(name)));
  return { status, headers: kept, body: body ?? '' };
}

/** A refusal to keep; undefined for one that may be gone at the next try, or that is the server's fault. */
export function keptError(error: unknown): Answer | undefined {
  const { status, headers, type, message } = errorAnswer(error, '');
  const passing = status >= 500 || [408, 425, 429, 499].includes(status) || type === 'StoppedError';
  return passing ? undefined : { status, headers, refused: { type, message } };
}

/** A kept answer once more, marked so; a kept refusal is thrown as it was the first time. */
export function given(answer: Exclude<Answer, 'again'>): Reply {
  const { status } = answer;
  const headers = { ...answer.headers, ...replayHeader };
  if ('refused' in answer) throw new HttpError(status, answer.refused.type, answer.refused.message, headers);
  return { status, headers, body: answer.body === '' ? null : answer.body };
}
