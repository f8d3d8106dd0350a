import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { credentialsPath, readProfile, writeProfile } from './credentials-file.ts';

async function file(): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'boxlite-profile-'));
  onTestFinished(() => rm(home, { recursive: true }));
  return credentialsPath(join(home, 'new'));
}

const profile = { url: 'https://a.example/api', apiKey: 'blk_live_x', pathPrefix: undefined };

test('a profile is written for its owner alone, read again, and taken out', async () => {
  const path = await file();
  expect(await readProfile(path, 'default')).toBeUndefined();
  await writeProfile(path, 'default', profile);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect((await stat(dirname(path))).mode & 0o777).toBe(0o700);
  expect(await readProfile(path, 'default')).toEqual(profile);
  await writeProfile(path, 'default', { ...profile, pathPrefix: 'acme' });
  expect(await readProfile(path, 'default')).toEqual({ ...profile, pathPrefix: 'acme' });
  await writeProfile(path, 'default', undefined);
  expect(await readdir(dirname(path))).toEqual([]);
});

test('what others wrote into the file stays as it is, and what they wrote is read', async () => {
  const path = await file();
  await writeProfile(path, 'default', profile);
  const others = `# mine\ncolour = true\n\n[profiles."my work"]\nurl = 'http://b' # there\napi_key = "k\\u0065y"\nage = 3\n\n[[other]]\nx = [1,\n2]`;
  await writeFile(path, `${others}\n\n[ profiles . default ] # old\nurl = "http://old"\n`);
  expect(await readProfile(path, 'default')).toMatchObject({ url: 'http://old', apiKey: undefined });
  expect(await readProfile(path, 'my work')).toMatchObject({ url: 'http://b', apiKey: 'key' });
  await writeProfile(path, 'default', profile);
  expect((await readFile(path, 'utf8')).startsWith(others)).toBe(true);
  expect(await readProfile(path, 'default')).toEqual(profile);
});

test('a profile that makes no sense is an error that names the file and the table', async () => {
  const path = await file();
  await writeProfile(path, 'default', profile);
  for (const [text, why] of [
    ['api_key = "x"', 'url is missing'],
    ['url = 3', 'url must be text'],
    ['url = """x"""', 'url must be text'],
    ['url = "http://a"\napi_key = "\\q"', 'api_key must be text'],
  ] as const) {
    await writeFile(path, `[profiles.default]\n${text}\n`);
    await expect(readProfile(path, 'default')).rejects.toThrow(`${path}, [profiles.default]: ${why}`);
  }
});

test('any name, URL and key come back as they were written', async () => {
  const path = await file();
  const word = fc.stringMatching(/^[\w-]{1,64}$/);
  await fc.assert(
    fc.asyncProperty(word, fc.string({ minLength: 1 }), fc.string({ minLength: 1 }), async (name, url, apiKey) => {
      await writeProfile(path, name, { url, apiKey, pathPrefix: undefined });
      expect(await readProfile(path, name)).toEqual({ url, apiKey, pathPrefix: undefined });
      await writeProfile(path, name, undefined);
    }),
    { numRuns: 100 },
  );
  await expect(writeProfile(path, 'a]b', profile)).rejects.toThrow("a profile's name");
});
