/** Bytes that a request asks for; `last` of them where it does not say from where. */
export type ByteRange = { readonly offset: number; readonly length: number | undefined } | { readonly last: number };

/** One range of bytes of a `Range` header (RFC 9110, 14.1.2); undefined for none, several, and what is no range. */
export function byteRange(header: string | null): ByteRange | undefined {
  const [, first = '', last = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '') ?? [];
  if (first === '') return last === '' ? undefined : { last: Number(last) };
  const offset = Number(first);
  if (last === '') return { offset, length: undefined };
  return Number(last) < offset ? undefined : { offset, length: Number(last) - offset + 1 };
}
