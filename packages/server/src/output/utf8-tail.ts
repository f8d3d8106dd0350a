/**
 * How many bytes at the end of `bytes[0..end]` begin a UTF-8 character whose rest is missing: 0 to 3.
 * Bytes that cannot be UTF-8 count as complete.
 */
export function utf8TailLength(bytes: Uint8Array, end: number = bytes.length): number {
  for (let back = 1; back <= 3 && back <= end; back++) {
    const byte = bytes[end - back] ?? 0;
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) return characterLength(byte) > back ? back : 0;
  }
  return 0;
}

function characterLength(lead: number): number {
  if (lead >= 0xc2 && lead <= 0xdf) return 2;
  if (lead >= 0xe0 && lead <= 0xef) return 3;
  if (lead >= 0xf0 && lead <= 0xf4) return 4;
  return 1;
}
