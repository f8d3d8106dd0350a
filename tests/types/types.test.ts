import { execFile } from 'node:child_process';
import { copyFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type PackedTypes, packTypes, tsc } from './packed-types.ts';
import { readPublicDocs } from './public-docs.ts';
import { effortOf, errorsOf } from './typescript-5.ts';

const compilerOptions = {
  ...{ noEmit: true, strict: true, exactOptionalPropertyTypes: true, skipLibCheck: true },
  ...{ module: 'nodenext', target: 'es2024', types: [] as string[] },
  lib: ['esnext', 'dom', 'dom.iterable', 'dom.asynciterable'],
};

// A small program, but with every part of the SDK in it.
const program = `import { ApiKeyCredential, Boxlite, CodeBox, type BoxOptions, lines } from 'boxlite';
const options: BoxOptions = { image: 'boxlite/base:latest', memoryMib: 128 };
await using runtime = process ? await Boxlite.local() : Boxlite.rest({ url: '', credential: new ApiKeyCredential('') });
await using box = await runtime.create(options);
const execution = await box.exec('echo', ['hi']);
for await (const line of lines(execution.stdout)) console.log(line);
for await (const event of runtime.events()) if (event.type === 'started') console.log(event.boxId);
await using code = await CodeBox.create({ runtime });
console.log(await code.run('print(1)'), (await execution.wait()).exitCode);
declare const process: object | undefined;
`;

let packed: PackedTypes;
beforeAll(() => {
  packed = packTypes();
});
afterAll(() => packed[Symbol.dispose]());

async function project(name: string, files: readonly string[], options: object = {}): Promise<string> {
  const config = join(packed.folder, `${name}.json`);
  await writeFile(config, JSON.stringify({ compilerOptions: { ...compilerOptions, ...options }, files }));
  return config;
}

/** What `tsc` says of itself; fails with its errors. */
async function compile(config: string, ...flags: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(tsc, ['-p', config, ...flags]).catch((error) => {
    throw new Error(error.stdout, { cause: error });
  });
  return stdout;
}

/** A figure of `--extendedDiagnostics`. */
const figure = (diagnostics: string, name: string): number =>
  Number(new RegExp(`^${name}:\\s+([\\d.]+)`, 'm').exec(diagnostics)?.[1] ?? Number.NaN);

test('every public export and member says what it is, in which unit, and what holds without it', () => {
  const { gaps, symbols, members } = readPublicDocs(packed.entries);
  expect(gaps).toEqual([]);
  expect(packed.entries.map(({ module }) => module)).toEqual(
    expect.arrayContaining(['boxlite', 'boxlite/local', 'boxlite/host', 'boxlite/backend', '@boxlite/rest']),
  );
  expect(symbols).toBeGreaterThan(500);
  expect(members).toBeGreaterThan(750);
});

test('the public surface has the types that it promises, for TypeScript 7 and for 5.9', async () => {
  const names = await readdir(join(import.meta.dirname, 'surface'));
  for (const name of names) await copyFile(join(import.meta.dirname, 'surface', name), join(packed.folder, name));
  // Programs for Node see its types; the SDK itself must do without.
  await compile(await project('surface', names, { types: ['node'] }));
  expect(
    errorsOf(
      names.map((name) => join(packed.folder, name)),
      compilerOptions,
    ),
  ).toEqual([]);
});

test('tsc of a program that uses the SDK takes less than a second, and the SDK little of that', async () => {
  await writeFile(join(packed.folder, 'program.ts'), program);
  await writeFile(join(packed.folder, 'nothing.ts'), 'export {};\n');
  const [used, nothing] = [await project('used', ['program.ts']), await project('nothing', ['nothing.ts'])];
  const diagnostics = await compile(used, '--extendedDiagnostics');
  const without = await compile(nothing, '--extendedDiagnostics');
  const more = (name: string): number => figure(diagnostics, name) - figure(without, name);
  // What does not depend on the machine.
  expect(more('Files')).toBeLessThan(80);
  expect(more('Lines')).toBeLessThan(4000);
  expect(figure(diagnostics, 'Instantiations')).toBeLessThan(2000);
  expect(figure(diagnostics, 'Types')).toBeLessThan(2000);
  const listed = await compile(used, '--listFiles');
  expect(listed).not.toMatch(/node_modules\/(zod|valibot|@types|@boxlite\/api)\//);
  // What does: the better of two, since others may be at work on this machine.
  const again = await compile(used, '--extendedDiagnostics');
  expect(Math.min(figure(diagnostics, 'Total time'), figure(again, 'Total time'))).toBeLessThan(1);
});

// The same endpoint and schema as the SDK has, by hand.
const byHand = `import { box, createBox } from '@boxlite/api';
import { fetchClient, query } from '@boxlite/rest';
const made = await query(createBox({ body: {} }), box).send(fetchClient({ baseUrl: 'http://127.0.0.1:8100/v1/default' }));
console.log(made.box_id);
`;

test.each([
  ['the SDK', program, { lines: 4000, types: 2000, instantiations: 2000 }],
  ['the endpoints and their schemas', byHand, { lines: 4000, types: 1000, instantiations: 1000 }],
])('TypeScript 5.9 reads little for a program that uses %s, and no library of schemas', async (what, source, most) => {
  const name = join(packed.folder, `effort-${what.split(' ').at(-1)}.ts`);
  await writeFile(name, source);
  const { errors, files, lines, types, instantiations, ms } = effortOf([name], compilerOptions);
  console.log(`TypeScript 5.9, ${what}: ${files.length} files, ${lines} lines, ${types} types, ${Math.round(ms)} ms`);
  expect(errors).toEqual([]);
  expect(files.filter((file) => /node_modules\/(zod|valibot|@types)\//.test(file))).toEqual([]);
  expect(lines).toBeLessThan(most.lines);
  expect(types).toBeLessThan(most.types);
  expect(instantiations).toBeLessThan(most.instantiations);
});
