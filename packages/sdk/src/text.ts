/** Collects a stream of bytes as UTF-8 text; a codepoint may lie across chunks. */
export async function text(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let collected = '';
  for await (const bytes of stream) collected += decoder.decode(bytes, { stream: true });
  return collected + decoder.decode();
}

/** Reads a stream of bytes line by line as UTF-8, without the line ends (LF or CR LF); a last line without an end counts. */
export async function* lines(stream: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const bytes of stream) {
    const parts = decoder.decode(bytes, { stream: true }).split('\n');
    parts[0] = rest + parts[0];
    rest = parts.pop() ?? '';
    for (const line of parts) yield line.endsWith('\r') ? line.slice(0, -1) : line;
  }
  rest += decoder.decode();
  if (rest !== '') yield rest;
}
