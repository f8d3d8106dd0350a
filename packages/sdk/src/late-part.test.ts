import { expect, it } from 'vitest';
import { Box } from './box.ts';
import { latePart } from './late-part.ts';
import { loaded } from './loaded.ts';
import { memoryBackend } from './testing/memory-backend.ts';

it('loads a part when the first of its methods is called, once for all that call at the same time', async () => {
  let loads = 0;
  const part = latePart(
    async () => {
      loads += 1;
      return { double: async (n: number) => n * 2, name: async () => 'part' };
    },
    'double',
    'name',
  );
  expect(loads).toBe(0);
  expect(await Promise.all([part.double(2), part.double(3), part.name()])).toEqual([4, 6, 'part']);
  expect(loads).toBe(1);
});

it('says that a part cannot be loaded, and tries again with the next call', async () => {
  let missing = 'file:///no/such/chunk-of-boxlite.js';
  const part = latePart(() => loaded(() => import(/* @vite-ignore */ missing)), 'gunzip');
  await expect(part.gunzip()).rejects.toMatchObject({
    name: 'NetworkError',
    code: 'network_failed',
    message: expect.stringMatching(
      /^a part of boxlite could not be loaded: .*chunk-of-boxlite.*; check the connection/,
    ),
  });
  // A module that is there.
  missing = 'node:zlib';
  await expect(part.gunzip()).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
});

it('writes a file as its bytes were when it was asked to, although its part is loaded after that', async () => {
  const backend = memoryBackend();
  const box = new Box(await backend.create({}, 'a'));
  const bytes = new TextEncoder().encode('before');
  const written = box.files.write('/note', bytes);
  bytes.fill(0);
  await written;
  const [tar] = [...backend.uploads.values()];
  expect(new TextDecoder().decode(tar)).toContain('before');
});
