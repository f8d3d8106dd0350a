import { SchemaError } from '@boxlite/rest';

type Decoder = (text: string) => Uint8Array;

/** The fastest that the platform has. */
const decoder: Decoder = (() => {
  const { Buffer } = globalThis as { Buffer?: { from(text: string, encoding: 'base64'): Uint8Array } };
  if (Buffer !== undefined) return (text) => Buffer.from(text, 'base64');
  const { fromBase64 } = Uint8Array as { fromBase64?: Decoder };
  if (fromBase64 !== undefined) return (text) => fromBase64(text);
  return (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
})();

/** Decodes standard base64 with padding; a SchemaError for anything else, since some decoders skip what they do not know. */
export function decodeBase64(text: string): Uint8Array {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const bad = (): SchemaError => new SchemaError([{ message: 'output that is not base64' }]);
  if (text.length % 4 !== 0) throw bad();
  let bytes: Uint8Array;
  try {
    bytes = decoder(text);
  } catch {
    throw bad();
  }
  if (bytes.length !== (text.length / 4) * 3 - padding) throw bad();
  return bytes;
}
