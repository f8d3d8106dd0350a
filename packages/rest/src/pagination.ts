interface Common {
  /** The parameter that asks for a page size. @default 'per_page', and 'pageSize' for tokens */
  readonly sizeParam?: string;
  /** Where in the body the list is, dotted (`data.items`). @default the body itself */
  readonly items?: string;
}

/** Numbered pages: follows `Link: rel="next"` where the server gives one, else asks for the next number. */
export interface PageNumbers extends Common {
  /** Tells the kinds of pagination apart. */
  readonly mode: 'page';
  /** @default 'page' */
  readonly pageParam?: string;
  /** What ends a list without links: a page shorter than asked, or only an empty one (for servers that cap). @default 'short' */
  readonly until?: 'short' | 'empty';
}

/** Pages that only the server can name: follows `Link: rel="next"`, and ends where there is none. */
export interface Keyset extends Common {
  /** Tells the kinds of pagination apart. */
  readonly mode: 'keyset';
}

/** An opaque token in the body leads to the next page; an absent, null or empty one ends the list. */
export interface Tokens extends Common {
  /** Tells the kinds of pagination apart. */
  readonly mode: 'token';
  /** The parameter that carries the token. @default 'pageToken' */
  readonly tokenParam?: string;
  /** Where in the body the next token is, dotted. @default 'next_page_token' */
  readonly nextToken?: string;
}

/** How a list is cut into pages. */
export type Pagination = PageNumbers | Keyset | Tokens;
