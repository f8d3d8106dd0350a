import { mkdir } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { type Internet, openInternet, startInBox } from './internet.fixture.ts';
import { openBoxNetwork } from './open-box-network.ts';

let internet: Internet;
beforeAll(async () => {
  internet = await openInternet();
});
afterAll(() => internet.close());

test('a stack that hears nothing beyond its window, and takes the last bytes of it back, is not waited for for ever', async () => {
  const { host, guestBinary, resolvConf, folder } = internet;
  const place = { id: 'own-stack', folder: `${folder}/own-stack` };
  await mkdir(place.folder);
  const options = { ...place, attached: true, allow: undefined, ports: [], resolvConf, ownStack: true };
  const network = await openBoxNetwork(host, guestBinary, options);
  onTestFinished(() => network.close());
  const script = fileURLToPath(new URL('own-stack.fixture.py', import.meta.url));
  const stack = startInBox(network, '/usr/bin/python3', script, 'eth0', '7');
  onTestFinished(() => stack.end());
  expect(await stack.line).toBe('listening');
  const stream = await network.dial(7);
  onTestFinished(() => void stream.destroy());
  const said = buffer(stream);
  stream.end(Buffer.alloc(8 * 1024 * 1024));
  expect((await said).length).toBe(30_000);
  await stream.assertWhole();
});
