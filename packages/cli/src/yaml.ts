/** What {@link yaml} can write: what JSON can. */
export type Plain = string | number | boolean | null | undefined | readonly Plain[] | { readonly [key: string]: Plain };

/** Writes a value as YAML 1.2, block style; strings that YAML could take for something else are quoted as in JSON. */
export function yaml(value: Plain): string {
  return `${block(value, '').replace(/^\n/, '')}\n`;
}

function block(value: Plain, indent: string): string {
  if (Array.isArray(value)) {
    if (value.length === 0) return ' []';
    return value.map((item: Plain) => `\n${indent}-${nested(item, `${indent}  `)}`).join('');
  }
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).filter(([, item]) => item !== undefined);
    if (entries.length === 0) return ' {}';
    return entries.map(([key, item]) => `\n${indent}${scalar(key)}:${block(item, `${indent}  `)}`).join('');
  }
  return indent === '' ? scalar(value) : ` ${scalar(value)}`;
}

/** An object in a list begins on the line of its dash. */
function nested(item: Plain, indent: string): string {
  const text = block(item, indent);
  return text.startsWith('\n') ? ` ${text.slice(1 + indent.length)}` : text;
}

function scalar(value: Plain): string {
  if (typeof value !== 'string') return String(value ?? null);
  const plain =
    /^[A-Za-z_/][\w./@-]*(?::[\w./@-]+)*$/.test(value) && !/^(true|false|null|yes|no|on|off|y|n)$/i.test(value);
  return plain ? value : JSON.stringify(value);
}
