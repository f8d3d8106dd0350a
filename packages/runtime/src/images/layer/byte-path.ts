/**
 * A file name as the kernel sees it, in a string with one character for each byte: names in layers need not be UTF-8.
 * Only {@link onDisk} turns one into what node:fs takes.
 */
export type BytePath = string;

// biome-ignore lint/suspicious/noControlCharactersInRegex: the test is for pure ASCII
const ascii = /^[\x00-\x7f]*$/;

/** What node:fs takes for a byte path. */
export function onDisk(path: BytePath): string | Buffer {
  return ascii.test(path) ? path : Buffer.from(path, 'latin1');
}

/** A byte path of an ordinary string. */
export function bytePath(path: string): BytePath {
  return ascii.test(path) ? path : Buffer.from(path, 'utf8').toString('latin1');
}

/** An ordinary string of a byte path, for messages. */
export function readable(path: BytePath): string {
  return ascii.test(path) ? path : Buffer.from(path, 'latin1').toString('utf8');
}

/** A path below a directory; both are relative to the same root, which is `''`. */
export function below(directory: BytePath, name: BytePath): BytePath {
  return directory === '' ? name : `${directory}/${name}`;
}
