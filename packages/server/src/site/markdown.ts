/** A page made of Markdown, and its headings for a table of contents. */
export interface RenderedPage {
  readonly html: string;
  readonly headings: readonly { readonly level: number; readonly id: string; readonly text: string }[];
}

/**
 * Renders the Markdown that scripts/reference.ts writes: headings, paragraphs, lists, tables, fences, comments; links
 * to headings, `code` and **strong** within a line. Everything else is text: no markup passes through.
 */
export function renderMarkdown(source: string): RenderedPage {
  const headings: { level: number; id: string; text: string }[] = [];
  const blocks = source.replaceAll(/<!--.*?-->/gs, '').split(/\n/);
  const html: string[] = [];
  const ids = new Map<string, number>();

  for (let at = 0; at < blocks.length; ) {
    const line = blocks[at] ?? '';
    const heading = /^(#{1,6}) (.+)$/.exec(line);
    const fence = /^```(\w*)$/.exec(line);
    if (line.trim() === '') at++;
    else if (heading) {
      const [, marks = '', text = ''] = heading;
      const id = uniqueId(text, ids);
      headings.push({ level: marks.length, id, text });
      html.push(`<h${marks.length} id="${id}"><a href="#${id}">${inline(text)}</a></h${marks.length}>`);
      at++;
    } else if (fence) {
      const end = blocks.indexOf('```', at + 1);
      const last = end === -1 ? blocks.length : end;
      html.push(`<pre><code>${escaped(blocks.slice(at + 1, last).join('\n'))}</code></pre>`);
      at = last + 1;
    } else if (line.startsWith('|')) {
      const rows = run(blocks, at, (one) => one.startsWith('|'));
      html.push(table(rows));
      at += rows.length;
    } else if (line.startsWith('- ')) {
      const items = run(blocks, at, (one) => one.startsWith('- '));
      html.push(`<ul>${items.map((item) => `<li>${inline(item.slice(2))}</li>`).join('')}</ul>`);
      at += items.length;
    } else {
      const lines = run(blocks, at, (one) => one.trim() !== '' && !/^(#|```|\||- )/.test(one));
      html.push(`<p>${inline(lines.join('\n'))}</p>`);
      at += Math.max(1, lines.length);
    }
  }
  return { html: html.join('\n'), headings };
}

/** Text as HTML shows it. */
export function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/** The id that GitHub gives a heading, which the page's own links use. */
function uniqueId(text: string, ids: Map<string, number>): string {
  const plain = text
    .toLowerCase()
    .replaceAll(/[^\w -]/g, '')
    .replaceAll(' ', '-');
  const before = ids.get(plain) ?? 0;
  ids.set(plain, before + 1);
  return before === 0 ? plain : `${plain}-${before}`;
}

function run(lines: readonly string[], from: number, fits: (line: string) => boolean): readonly string[] {
  let end = from;
  while (end < lines.length && fits(lines[end] ?? '')) end++;
  return lines.slice(from, end);
}

function table([head = '', , ...rows]: readonly string[]): string {
  const cells = (row: string): string[] =>
    row
      .replaceAll(/^\||\|\s*$/g, '')
      .split(/(?<!\\)\|/)
      .map((cell) => inline(cell.trim().replaceAll('\\|', '|')));
  const line = (row: string, tag: string): string =>
    `<tr>${cells(row)
      .map((cell) => `<${tag}>${cell}</${tag}>`)
      .join('')}</tr>`;
  const body = rows.map((row) => line(row, 'td')).join('\n');
  return `<div class="table"><table><thead>${line(head, 'th')}</thead><tbody>${body}</tbody></table></div>`;
}

/** Code first: nothing within it is anything else. */
function inline(text: string): string {
  return text
    .split(/(`[^`]+`)/)
    .map((part) => {
      if (/^`[^`]+`$/.test(part)) return `<code>${escaped(part.slice(1, -1))}</code>`;
      return escaped(part)
        .replaceAll(/\*\*([^*]+)\*\*/g, '<strong>$1</strong>')
        .replaceAll(/\[([^\]]+)\]\((#[\w-]+)\)/g, '<a href="$2">$1</a>');
    })
    .join('');
}
