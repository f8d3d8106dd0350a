import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { escaped, type RenderedPage, renderMarkdown } from './markdown.ts';
import { pageStyle } from './page-style.ts';
import { openapiFile, referenceFile } from './shipped-files.ts';

/** The reference as one page that loads nothing: its style is in it, and it has no script. */
export interface ReferencePage {
  readonly html: string;
  /** Lets the page have its style, and nothing else. */
  readonly policy: string;
}

const styleHash = createHash('sha256').update(pageStyle).digest('base64');
const policy = `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

/** Renders the reference that came with this server. */
export async function referencePage(): Promise<ReferencePage> {
  const page = renderMarkdown(await readFile(referenceFile, 'utf8'));
  const title = page.headings[0]?.text ?? 'Reference';
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<style>${pageStyle}</style>
</head>
<body>
<nav aria-label="Contents">
${contents(page)}
</nav>
<main>
${page.html}
</main>
</body>
</html>
`;
  return { html, policy };
}

/** The contract as it came with this server. */
export function openapiDocument(): Promise<string> {
  return readFile(openapiFile, 'utf8');
}

function contents({ headings }: RenderedPage): string {
  const classes = ['title', 'part', 'entry'];
  const links = headings
    .filter(({ level }) => level <= classes.length)
    .map(({ level, id, text }) => `<a class="${classes[level - 1]}" href="#${id}">${escaped(text)}</a>`);
  return [...links, '<a class="part" href="openapi.yaml">openapi.yaml</a>'].join('\n');
}
