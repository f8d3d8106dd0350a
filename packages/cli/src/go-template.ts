import { UsageError } from './usage.ts';
import type { Plain } from './yaml.ts';

/** Fills a template of field paths: `{{.State.Status}}`, `{{json .State}}`, `{{.}}`. The rest of Go's language is refused. */
export function goTemplate(template: string, value: Plain): string {
  return template.replaceAll(/\{\{(.*?)\}\}/gs, (_, inner: string) => {
    const match = /^\s*(json\s+)?(\.[A-Za-z0-9_.]*)\s*$/.exec(inner);
    if (!match?.[2]) {
      throw new UsageError(`--format takes {{.Field}}, {{.Field.Field}} and {{json .Field}}, not {{${inner}}}`);
    }
    const found = field(value, match[2]);
    return match[1] || typeof found === 'object' ? JSON.stringify(found) : String(found);
  });
}

function field(value: Plain, path: string): Plain {
  let found = value;
  for (const name of path.split('.').filter((part) => part !== '')) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, name)) {
      const known = typeof found === 'object' && found !== null ? Object.keys(found).join(', ') : 'none';
      throw new UsageError(`--format: no field ${name} in ${path}; there are ${known}`);
    }
    found = (found as Readonly<Record<string, Plain>>)[name];
  }
  return found;
}
