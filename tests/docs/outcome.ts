import type { Block } from './page.ts';

/**
 * What the page says that a block prints and that it did not print: all of it where a `text` block follows, and the lines
 * of `// prints: X` or `# prints: X` in their order. `…` stands for anything within a line. Empty where all is as said.
 */
export function differences({ code, output }: Block, printed: string): readonly string[] {
  const lines = printed.split('\n');
  let from = 0;
  const missing = [...code.matchAll(/(?:\/\/|#) prints: (.*)$/gm)].flatMap(([, said = '']) => {
    const at = lines.findIndex((line, index) => index >= from && pattern(said).test(line));
    if (at === -1) return [said];
    from = at + 1;
    return [];
  });
  if (output !== undefined && !pattern(output).test(printed)) missing.push(output);
  return missing;
}

function pattern(said: string): RegExp {
  const parts = said.split('…').map((each) => RegExp.escape(each));
  return new RegExp(`^${parts.join('.*')}$`);
}
