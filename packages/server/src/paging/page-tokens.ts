import { createHmac, timingSafeEqual } from 'node:crypto';
import { InvalidArgumentError } from 'boxlite/backend';

/** The tokens that lead from page to page: a backend's own, signed for one list with its filters. */
export interface PageTokens {
  /** The token for clients; null on the last page. `list` names what is listed and by which filters. */
  sign(list: readonly unknown[], token: string | undefined): string | null;
  /** The backend's token in one from a client. `InvalidArgumentError` for one that was changed, or is another list's. */
  open(list: readonly unknown[], token: string | undefined): { readonly pageToken?: string };
}

const macBytes = 16;

/** Makes them with a secret; what one secret signed, another does not open. */
export function pageTokens(secret: Uint8Array): PageTokens {
  const mac = (list: readonly unknown[], token: Uint8Array): Buffer =>
    createHmac('sha256', secret).update(JSON.stringify(list)).update('\0').update(token).digest().subarray(0, macBytes);
  return {
    sign(list, token) {
      if (token === undefined) return null;
      const bytes = Buffer.from(token);
      return Buffer.concat([mac(list, bytes), bytes]).toString('base64url');
    },
    open(list, token) {
      if (token === undefined) return {};
      const bytes = Buffer.from(token, 'base64url');
      const inner = bytes.subarray(macBytes);
      const whole = bytes.length > macBytes && bytes.toString('base64url') === token;
      if (whole && timingSafeEqual(bytes.subarray(0, macBytes), mac(list, inner)))
        return { pageToken: inner.toString() };
      const next = 'send it with the parameters of the page before, or leave it out to begin at the first page';
      throw new InvalidArgumentError(`pageToken is not one that this server gave for this list: ${next}`);
    },
  };
}
