import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Boxlite } from 'boxlite';
import { expect, test } from 'vitest';
import { pythonImage } from '../../images/python/build.ts';
import { builtLayout } from './built-layout.ts';

test('the Python image is built from Debian packages, and a box of it runs Python and pip', {
  timeout: 300_000,
}, async () => {
  const home = await mkdtemp(join(tmpdir(), 'boxlite-python-'));
  await using cleanup = new AsyncDisposableStack();
  cleanup.defer(() => rm(home, { recursive: true, force: true }));
  const runtime = await Boxlite.local({ homeDir: home });
  cleanup.defer(() => runtime.shutdown());
  const image = await runtime.images.import(await builtLayout(pythonImage), 'boxlite/python');
  expect((await runtime.images.get(image.id))?.layers).toHaveLength(2);
  const box = await runtime.create({ image: 'boxlite/python' });
  const program = 'import ssl, sqlite3, ctypes, lzma, sys; print(sys.version_info.major, 2 ** 64)';
  expect((await box.run('python3', ['-c', program])).stdout).toBe('3 18446744073709551616\n');
  expect((await box.run('python', ['-m', 'pip', '--version'])).stdout).toMatch(/^pip /);
  expect(
    (await box.run('sh', ['-c', 'id -un box && which awk && test -s /etc/ssl/certs/ca-certificates.crt'])).exitCode,
  ).toBe(0);
  await runtime.remove(box.id, { force: true });
});
