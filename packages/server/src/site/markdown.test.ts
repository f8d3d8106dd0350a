import { expect, test } from 'vitest';
import { renderMarkdown } from './markdown.ts';

test('text stays text: no markup passes through, in no place', () => {
  const hostile = '<img src=x onerror=alert(1)> & "quotes"';
  const { html } = renderMarkdown(
    `# ${hostile}\n\n${hostile} \`${hostile}\` **${hostile}**\n\n- ${hostile}\n\n| ${hostile} |\n|---|\n| ${hostile} |\n\n\`\`\`\n${hostile}\n\`\`\`\n`,
  );
  expect(html).not.toContain('<img');
  expect(html).not.toMatch(/href="(?!#)/);
});

test('headings with one text have two ids, and tables keep escaped bars', () => {
  const { html, headings } = renderMarkdown('## Box\n\n## Box\n\n| a | b |\n|---|---|\n| `x\\|y` | [Box](#box) |\n');
  expect(headings.map(({ id }) => id)).toEqual(['box', 'box-1']);
  expect(html).toContain('<td><code>x|y</code></td><td><a href="#box">Box</a></td>');
});

test('a link to anywhere but a heading, and a fence that does not end, are no danger', () => {
  const { html } = renderMarkdown('[x](javascript:alert(1))\n\n```\nopen');
  expect(html).not.toContain('<a');
  expect(html).toContain('<pre><code>open</code></pre>');
});
