import { InvalidArgumentError } from 'boxlite/backend';

/** A table of a TOML file: its lines as they stand, from its heading on. What comes before the first has no heading. */
export interface TomlTable {
  /** The parts of its name; empty before the first heading. */
  readonly name: readonly string[];
  readonly lines: readonly string[];
}

const key = /^\s*(?:"([^"\\]*)"|'([^']*)'|([\w-]+))\s*(.*)$/;

/** Cuts a TOML file into its tables, and leaves every line as it is. */
export function tomlTables(text: string): TomlTable[] {
  const tables: { name: readonly string[]; lines: string[] }[] = [{ name: [], lines: [] }];
  for (const line of text.split(/\r?\n/)) {
    const name = headingOf(line);
    if (name) tables.push({ name, lines: [line] });
    else tables.at(-1)?.lines.push(line);
  }
  return tables;
}

function headingOf(line: string): readonly string[] | undefined {
  const inside = /^\s*\[([^[\]]+)\]\s*(?:#.*)?$/.exec(line)?.[1];
  if (inside === undefined) return undefined;
  const parts: string[] = [];
  for (let rest = inside; ; ) {
    const [, basic, literal, bare, more = ''] = key.exec(rest) ?? [];
    parts.push(basic ?? literal ?? bare ?? '');
    if (!more.startsWith('.')) return parts;
    rest = more.slice(1);
  }
}

/** The text of a key in a table; undefined where there is none. `InvalidArgumentError` for what is no text on one line. */
export function tomlText({ lines }: TomlTable, wanted: string): string | undefined {
  for (const line of lines) {
    const [, basic, literal, bare, rest = ''] = key.exec(line) ?? [];
    if ((basic ?? literal ?? bare) !== wanted || !rest.startsWith('=')) continue;
    const value = rest.slice(1).trim();
    const quoted = /^("(?:[^"\\]|\\.)*")\s*(?:#.*)?$/.exec(value)?.[1];
    const plain = /^'([^']*)'\s*(?:#.*)?$/.exec(value)?.[1];
    const text = quoted === undefined ? plain : unquoted(quoted);
    if (text === undefined) throw new InvalidArgumentError(`${wanted} must be text in quotes on one line`);
    return text;
  }
  return undefined;
}

/** Spells a line of a table. */
export function tomlLine(name: string, text: string): string {
  // JSON's escapes are TOML's, but for DEL.
  return `${name} = ${JSON.stringify(text).replaceAll('\x7f', '\\u007f')}`;
}

function unquoted(text: string): string | undefined {
  try {
    return String(JSON.parse(text));
  } catch {
    return undefined;
  }
}
