// The arrows of the design: which package may import what of which other one.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

/** By folder under packages/: the workspace modules that its sources may import. Tests may import anything. */
const arrows: Readonly<Record<string, readonly string[]>> = {
  rest: [],
  api: ['@boxlite/rest'],
  sdk: ['@boxlite/api', '@boxlite/rest'],
  runtime: ['@boxlite/rest', 'boxlite/backend', 'boxlite/host'],
  server: ['@boxlite/api', 'boxlite/backend', 'boxlite/host'],
  // What the SDK does in a page is not written again: docs/decisions/0015-dashboard.md.
  dashboard: ['boxlite'],
  cli: ['boxlite', 'boxlite/local', 'boxlite/backend', 'boxlite/host', '@boxlite/runtime', '@boxlite/server'],
};

/** The one way round: `boxlite/local` loads the runtime, lazily, so that the main entry also runs in a browser. */
const exceptions: ReadonlySet<string> = new Set(['sdk/src/local.ts @boxlite/runtime']);

const importPattern =
  /(?:^|[\s;}])(?:import|export)\s(?:[^'"`;]*?\sfrom\s)?\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/g;

/** Every import of a source file that names one of the workspace's packages. */
export function workspaceImports(source: string): readonly string[] {
  const names = [...source.matchAll(importPattern)].map((match) => match[1] ?? match[2] ?? '');
  return names.filter((name) => name === 'boxlite' || name.startsWith('boxlite/') || name.startsWith('@boxlite/'));
}

/** One line for every import against the arrows, or across a package's border by a relative path. */
export function wrongDirections(packagesFolder: string): readonly string[] {
  const wrong: string[] = [];
  for (const folder of readdirSync(packagesFolder)) {
    const allowed = arrows[folder];
    if (allowed === undefined) {
      wrong.push(`packages/${folder}: no arrow says what it may import; add one to scripts/directions.ts`);
      continue;
    }
    for (const file of sourceFiles(join(packagesFolder, folder, 'src'))) {
      const source = readFileSync(join(packagesFolder, folder, 'src', file), 'utf8');
      const where = `${folder}/src/${file}`;
      for (const name of workspaceImports(source)) {
        const fits = allowed.some((one) => name === one || (one.startsWith('@') && name.startsWith(`${one}/`)));
        if (!fits && !exceptions.has(`${where} ${name}`)) wrong.push(`packages/${where} imports ${name}`);
      }
      if (/['"](?:\.\.\/)+packages\//.test(source)) wrong.push(`packages/${where} imports another package by a path`);
    }
  }
  return wrong;
}

function sourceFiles(folder: string): readonly string[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return files.filter((file) => /\.tsx?$/.test(file) && !/\.test\.ts$/.test(file) && !/(^|\/)testing\//.test(file));
}

if (import.meta.main) {
  const wrong = wrongDirections(join(import.meta.dirname, '../packages'));
  for (const line of wrong) process.stderr.write(`${line}\n`);
  process.exitCode = wrong.length > 0 ? 1 : 0;
}
