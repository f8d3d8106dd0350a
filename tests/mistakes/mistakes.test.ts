import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Cli, cliInNewHome } from '../../packages/cli/src/testing/cli.ts';
import { packTypes, tsc } from '../types/packed-types.ts';
import { type Mistake, mistakes } from './mistakes.ts';
import { mistakesPage } from './page.ts';
import { openPlaces, type Places } from './places.ts';

const all = Object.values(mistakes).flat();
const inCode = all.filter(({ wrong }) => !wrong.startsWith('boxlite '));

const preamble = `import { ApiKeyCredential, type Box, Boxlite, lines, text } from 'boxlite';
import { ignore, json, paged, path, query, raw } from '@boxlite/rest';
import * as z from 'zod';
declare const runtime: Boxlite;
declare const box: Box;
declare const [url, key]: [string, string];
declare const takenPort: number;
export {};
`;

/** What the compiler says of each piece of code, as a user's project would have it. */
async function compiled(pieces: readonly string[]): Promise<readonly string[]> {
  using packed = packTypes();
  const files = pieces.map((_, index) => `piece-${index}.ts`);
  for (const [index, piece] of pieces.entries()) {
    await writeFile(join(packed.folder, `piece-${index}.ts`), `${preamble}${piece}\n`);
  }
  const compilerOptions = {
    ...{ noEmit: true, strict: true, skipLibCheck: true, module: 'nodenext', target: 'es2024', types: ['node'] },
    lib: ['esnext', 'dom', 'dom.iterable', 'dom.asynciterable'],
  };
  await writeFile(join(packed.folder, 'pieces.json'), JSON.stringify({ compilerOptions, files }));
  const printed: string = await promisify(execFile)(tsc, ['-p', 'pieces.json', '--pretty', 'false'], {
    cwd: packed.folder,
  }).then(
    ({ stdout }) => stdout,
    (error) => error.stdout,
  );
  return files.map((file) =>
    printed
      .split(/^(?=piece-)/m)
      .filter((error) => error.startsWith(`${file}(`))
      .join(''),
  );
}

test('what shall not compile does not, and says why; all else does', async () => {
  const wrong = await compiled(inCode.map((mistake) => mistake.wrong));
  for (const [index, { title, outcome }] of inCode.entries()) {
    if ('compiler' in outcome) {
      expect.soft(wrong[index], title).toContain(`error ${outcome.compiler}: `);
      expect.soft(wrong[index], title).toContain(outcome.says);
    } else expect.soft(wrong[index], title).toBe('');
  }
  expect(await compiled(inCode.map((mistake) => mistake.right))).toEqual(inCode.map(() => ''));
});

/** Without what differs from run to run. */
const general = (message: string): string =>
  message.replace(/\b[0-9A-HJKMNP-TV-Z]{26}\b/g, '<id>').replace(/(?<=127\.0\.0\.1:)\d+/, '<port>');

describe.each(['local', 'rest'] as const)('on the backend %s', (where) => {
  let places: Places;
  beforeAll(async () => {
    places = await openPlaces();
  });
  afterAll(() => places[Symbol.asyncDispose]());

  const here = inCode.flatMap((mistake) => {
    const { outcome } = mistake;
    return 'code' in outcome && (outcome.on ?? where) === where ? [{ ...mistake, outcome }] : [];
  });
  test.each(here)('$title: the error says what to do', async ({ wrong, outcome }) => {
    const error = await places.run(where, wrong).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(Error);
    const { code, name, message } = Object(error);
    expect({ code: code ?? name, message: general(message) }).toEqual({
      code: outcome.code,
      message: outcome.message,
    });
  });

  test.each(here)('$title: what is right works', async ({ right }) => {
    await places.run(where, right);
  });
});

describe('on the command line', () => {
  let cli: Cli;
  beforeAll(async () => {
    cli = await cliInNewHome();
  });
  afterAll(() => cli[Symbol.asyncDispose]());

  const words = (line: string): readonly string[] => line.split(' ').slice(1);
  const lines = all.flatMap((mistake: Mistake) => {
    const { outcome } = mistake;
    return 'exitCode' in outcome ? [{ ...mistake, outcome }] : [];
  });
  test.each(lines)('$title: the error says what to do, and what is right works', async ({ wrong, right, outcome }) => {
    const result = await cli.run(words(wrong));
    expect(result.stderr).toContain(outcome.message);
    expect(result.code).toBe(outcome.exitCode);
    expect(await cli.run(words(right))).toMatchObject({ code: 0 });
  });
});

test('the page lists what is tested, and at least twenty of it', async () => {
  expect(all.length).toBeGreaterThanOrEqual(20);
  expect(new Set(all.map(({ title }) => title)).size).toBe(all.length);
  await expect(mistakesPage()).toMatchFileSnapshot('../../docs/guides/common-mistakes.md');
});
