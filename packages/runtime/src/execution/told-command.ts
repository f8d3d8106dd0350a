const mostCharacters = 1024;

/** A command as it is told, up to 1,024 characters in all: what is longer ends in `…`. Undefined for none. */
export function toldCommand(words: readonly string[]): readonly string[] | undefined {
  if (words.length === 0) return undefined;
  const told: string[] = [];
  let left = mostCharacters;
  for (const word of words) {
    // Each counts one more, so that empty ones come to an end as well.
    if (word.length >= left) {
      // A character of two units may be cut in its middle.
      told.push(`${word.slice(0, left).toWellFormed()}…`);
      break;
    }
    told.push(word);
    left -= word.length + 1;
  }
  return told;
}
