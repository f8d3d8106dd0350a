import { appendParams, type QueryParams } from './params.ts';

/** A request body that is made anew for each attempt. */
export interface Body {
  /** Its `content-type`. */
  readonly type: string;
  /** Called once an attempt, so that a second one never reads a spent stream. */
  readonly content: () => BodyInit;
  /** Whether `content` may be called again; only such a request is ever sent twice. */
  readonly replayable: boolean;
}

/** A JSON body, spelled at once: a later change of `value` does not reach it. */
export function json(value: unknown): Body {
  return text('application/json', JSON.stringify(value));
}

/** A form body (`application/x-www-form-urlencoded`). */
export function form(params: QueryParams): Body {
  const search = new URLSearchParams();
  appendParams(search, params);
  return text('application/x-www-form-urlencoded', `${search}`);
}

/** Options of `stream`. */
export interface StreamOptions {
  /** Whether `content` may be called again, for a second attempt. @default false */
  readonly replayable?: boolean;
}

/** A body of any content type, made when it is sent; say `replayable` when `content` can be called again. */
export function stream(type: string, content: () => BodyInit, { replayable = false }: StreamOptions = {}): Body {
  return { type, content, replayable };
}

function text(type: string, spelled: string): Body {
  return stream(type, () => spelled, { replayable: true });
}
