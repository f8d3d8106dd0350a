import { refuse } from './argument.ts';

/** What is written to stdin, as it came; `InvalidArgumentError` for text and whatever else is no bytes. */
export function stdinBytes(chunk: unknown): Uint8Array {
  if (chunk instanceof Uint8Array) return chunk;
  const shown = typeof chunk === 'string' ? chunk.slice(0, 40) : chunk;
  return refuse('what is written to stdin', 'bytes, as new TextEncoder().encode(text) gives them', shown);
}
