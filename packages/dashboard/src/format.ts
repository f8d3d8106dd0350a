const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** Bytes for people, such as `1.5 MiB`. */
export function bytes(count: number | undefined): string {
  if (count === undefined) return '–';
  let unit = 0;
  let left = count;
  for (; left >= 1024 && unit < units.length - 1; unit++) left /= 1024;
  return `${unit === 0 || left >= 100 ? Math.round(left) : left.toFixed(1)} ${units[unit]}`;
}

/** MiB for people: `512 MiB`, `2 GiB`. */
export function mebibytes(count: number): string {
  return count >= 1024 && count % 1024 === 0 ? `${count / 1024} GiB` : `${count} MiB`;
}

/** How long something took or takes, such as `420 ms`, `12 s`, `3 min`, `5 h`, `2 d`. */
export function duration(ms: number | undefined): string {
  if (ms === undefined) return '–';
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 60_000) return `${Math.floor(ms / 1000)} s`;
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} min`;
  if (ms < 86_400_000) return `${Math.floor(ms / 3_600_000)} h`;
  return `${Math.floor(ms / 86_400_000)} d`;
}

/** How long ago, such as `3 min`. */
export function age(at: Date): string {
  return duration(Math.max(1000, Date.now() - at.getTime()));
}

/** A time for people, in their own time zone. */
export function moment(at: Date | undefined): string {
  return at === undefined ? '–' : at.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
}

/** `NAME=VALUE` lines as a record; the line that is none is an error. */
export function pairs(text: string, field: string): Readonly<Record<string, string>> {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return Object.fromEntries(
    lines.map((line) => {
      const at = line.indexOf('=');
      if (at < 1) throw new Error(`${field} must be NAME=VALUE, one a line; got ${JSON.stringify(line.slice(0, 80))}`);
      return [line.slice(0, at).trim(), line.slice(at + 1)];
    }),
  );
}

/** The words of a command as a shell would take them, on one line. */
export function commandLine(words: readonly string[]): string {
  const quoted = words.map((word) => (/^[\w@%+=:,./…-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`));
  return plain(quoted.join(' '));
}

/** A name that a box gave, as one line in its order: control characters and those that turn the direction of writing are spelled out. */
export function plain(text: string): string {
  return text.replace(/[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
