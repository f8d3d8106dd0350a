import type { Block } from './page.ts';

/** TypeScript blocks of a page that go on from one another, and the module that they make in a folder of `.setup`. */
export interface Program {
  readonly blocks: readonly Block[];
  /** Every line where it is in the page, so that what compiler and Node say leads there. */
  readonly source: string;
}

/** Where a program in a folder of `.setup` finds what is called between blocks. */
export const hook = '../../tests/docs/hook.ts';

/** What a block declares for those after it. */
export function declared(code: string): readonly string[] {
  const names = /^(?:await using|using|const|let|(?:async )?function\*?|class) (\w+|\{[^}]*\}|\[[^\]]*\])/gm;
  return [...code.matchAll(names)].flatMap(([, target = '']) =>
    target
      .replaceAll(/[{}[\]\s]/g, '')
      .split(',')
      .map((each) => (each.split(':').at(-1) ?? '').replace(/=.*/, '')),
  );
}

/** The programs of a page. A block that declares again what is there begins another one. */
export function programsOf(blocks: readonly Block[]): readonly Program[] {
  const groups: Block[][] = [];
  let known = new Set<string>();
  for (const block of blocks.filter(({ language }) => language === 'ts')) {
    const names = declared(block.code);
    const group = groups.at(-1);
    if (group && !names.some((name) => known.has(name))) group.push(block);
    else {
      groups.push([block]);
      known = new Set();
    }
    for (const name of names) known.add(name);
  }
  return groups.map((group) => ({ blocks: group, source: sourceOf(group) }));
}

function sourceOf(blocks: readonly Block[]): string {
  const imported = new Map<string, Set<string>>();
  const lines: string[] = [];
  const put = (line: number, text: string): void => {
    while (lines.length < line) lines.push('');
    lines[line - 1] = text;
  };
  for (const [index, block] of blocks.entries()) {
    const code = block.code.replaceAll(/^import (type )?\{([^}]*)\} from ('.*');$/gm, (whole, type = '', names, from) =>
      withoutKnown(imported, { whole, type, names, from }),
    );
    const length = code.split('\n').length - 1;
    if (index === 0) put(block.line, `import { blockEnded as $blockEnded } from '${hook}';`);
    for (const [at, text] of code.split('\n').entries()) if (at < length) put(block.line + 1 + at, text);
    put(block.line + 1 + length, `await $blockEnded(${index === blocks.length - 1});`);
  }
  return `${lines.join('\n')}\nexport {};\n`;
}

interface Import {
  readonly whole: string;
  readonly type: string;
  readonly names: string;
  readonly from: string;
}

/** An import less the names that a block before it imported already, on as many lines. */
function withoutKnown(imported: Map<string, Set<string>>, { whole, type, names, from }: Import): string {
  const known = imported.get(from) ?? new Set<string>();
  imported.set(from, known);
  const all = names.split(',').map((name) => name.trim());
  const added = all.filter((name) => name !== '' && !known.has(name));
  for (const name of added) known.add(name);
  const kept = added.length === 0 ? '' : `import ${type}{ ${added.join(', ')} } from ${from};`;
  return kept + '\n'.repeat(whole.split('\n').length - 1);
}
