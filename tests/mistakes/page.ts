import { type Mistake, mistakes } from './mistakes.ts';

/** The page that lists the mistakes. */
export function mistakesPage(): string {
  const sections = Object.entries(mistakes).map(([about, list]) => `## ${about}\n\n${list.map(entry).join('\n')}`);
  return `# Common mistakes, and what to do

What the compiler does not catch is an error whose message says what to do next. tests/mistakes makes every mistake on this
page, on this machine and over REST, and this page is made of the same table: \`npx vitest run tests/mistakes -u\` writes it.

${sections.join('\n')}`;
}

function entry({ title, wrong, right, outcome }: Mistake): string {
  return `- **${title}**: ${code(wrong)}<br>${told(outcome)}<br>Right: ${code(right)}\n`;
}

function told(outcome: Mistake['outcome']): string {
  if ('compiler' in outcome) return `Does not compile (${outcome.compiler}): ${code(outcome.says)}`;
  if ('exitCode' in outcome) return `Ends with ${outcome.exitCode}: ${code(outcome.message)}`;
  const where = { local: ', on this machine', rest: ', over REST', both: '' }[outcome.on ?? 'both'];
  return `Throws \`${outcome.code}\`${where}: ${code(outcome.message)}`;
}

/** Code in a line of Markdown, also with a backtick within it. */
function code(text: string): string {
  return text.includes('`') ? `\`\`${text}\`\`` : `\`${text}\``;
}
