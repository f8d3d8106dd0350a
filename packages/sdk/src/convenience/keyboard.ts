import { refuse } from '../argument.ts';

// Keys that the layout of a PC leaves without a character. X has 248 in all.
const spareKeys: readonly string[] = [
  ...Array.from({ length: 190 - 147 + 1 }, (_, at) => `I${147 + at}`),
  ...Array.from({ length: 255 - 208 + 1 }, (_, at) => `I${208 + at}`),
];
// With and without Shift.
const places = 2 * spareKeys.length;
// A piece brings at most so many new characters, so that those of the piece before, which a program may not have taken
// yet, stay where they are.
const newInPiece = places / 2;
const mostInPiece = 4096;

/** A part of a text: the layout to be loaded before it, unless the last one will do, and what xdotool is to do. */
export interface TypedPiece {
  readonly layout: string | undefined;
  readonly args: readonly string[];
}

/** Splits texts into pieces for xdotool; it remembers which character lies on which key. */
export interface Keyboard {
  /** A line feed is the key Return, a tab the key Tab. `InvalidArgumentError` for any other control character. */
  pieces(text: string): Iterable<TypedPiece>;
}

/**
 * A keyboard that has every character. xdotool types what no key has by changing a key for a moment, and programs that
 * look it up a moment later see another character, or none. So characters get keys before they are typed, and keep them
 * until 184 others were used after them.
 */
export function makeKeyboard(): Keyboard {
  // Least recently used first.
  const placeOf = new Map<string, number>();

  /** Puts a character on a key, in place of another if need be, unless it is on one; whether it was put there. */
  function place(character: string): boolean {
    const known = placeOf.get(character);
    placeOf.delete(character);
    const at = known ?? (placeOf.size < places ? placeOf.size : vacated());
    placeOf.set(character, at);
    return known === undefined;
  }

  function vacated(): number {
    for (const [oldest, at] of placeOf) {
      placeOf.delete(oldest);
      return at;
    }
    return 0;
  }

  return {
    *pieces(text) {
      checkTyped(text);
      let words: string[] = [];
      let fresh = 0;
      let length = 0;
      const piece = (): TypedPiece => ({ layout: fresh > 0 ? layoutOf(placeOf) : undefined, args: argsOf(words) });
      for (const character of text.replace(/\r\n?/g, '\n')) {
        const ordinary = /[\t\n -~]/.test(character);
        if (length >= mostInPiece || (!ordinary && fresh >= newInPiece)) {
          yield piece();
          words = [];
          fresh = 0;
          length = 0;
        }
        if (!ordinary && place(character)) fresh += 1;
        length += 1;
        words.push(character);
      }
      if (words.length > 0) yield piece();
    },
  };
}

function checkTyped(text: string): void {
  if (typeof text !== 'string' || !text.isWellFormed()) refuse('text', 'text of whole characters', text);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what it is about.
  const [control] = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/.exec(text) ?? [];
  if (control !== undefined)
    refuse('text', 'text without control characters but tab and line feed; use key()', control);
}

function argsOf(characters: readonly string[]): readonly string[] {
  const keys: Readonly<Record<string, string>> = { '\n': 'Return', '\t': 'Tab' };
  return characters
    .join('')
    .split(/([\n\t])/)
    .filter((part) => part !== '')
    .flatMap((part) => {
      const key = keys[part];
      return key === undefined ? ['type', '--delay', '1', '--args', '1', '--', part] : ['key', '--delay', '1', key];
    });
}

/** For xkbcomp: the usual keys, and the characters on the spare ones. */
function layoutOf(placeOf: ReadonlyMap<string, number>): string {
  const shown: string[][] = spareKeys.map(() => ['NoSymbol', 'NoSymbol']);
  for (const [character, at] of placeOf) {
    const symbols = shown[Math.floor(at / 2)];
    if (symbols) symbols[at % 2] = `U${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
  }
  const keys = spareKeys.flatMap((name, at) => {
    const symbols = shown[at] ?? [];
    if (symbols.every((symbol) => symbol === 'NoSymbol')) return [];
    return [`key <${name}> { type = "TWO_LEVEL", symbols[Group1] = [ ${symbols.join(', ')} ] };`];
  });
  return `xkb_keymap {
xkb_keycodes { include "evdev+aliases(qwerty)" };
xkb_types { include "complete" };
xkb_compatibility { include "complete" };
xkb_symbols { include "pc+us"
${keys.join('\n')}
};
};
`;
}
