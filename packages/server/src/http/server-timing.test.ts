import { expect, test } from 'vitest';
import { testServer } from '../testing/test-server.ts';
import { creationStages, startStages } from './server-timing.ts';

const names = (header: string | null): string[] => (header ?? '').split(', ').map((part) => part.split(';')[0] ?? '');

test('create, start and exec tell how long their parts took, other answers do not', async () => {
  const { ask } = testServer();
  const created = await ask('POST', '/v1/default/boxes', { json: { name: 'a' } });
  expect(names(created.headers.get('server-timing'))).toEqual(['queue', 'image', 'first-byte']);
  const started = await ask('POST', '/v1/default/boxes/a/start');
  expect(names(started.headers.get('server-timing'))).toEqual(['queue', 'first-byte']);
  const executed = await ask('POST', '/v1/default/boxes/a/exec', { json: { command: 'echo' } });
  expect(names(executed.headers.get('server-timing'))).toEqual(['guest', 'first-byte']);
  expect(executed.headers.get('server-timing')).toMatch(/^guest;dur=\d+\.\d{3}, first-byte;dur=\d+\.\d{3}$/);
  expect((await ask('GET', '/v1/default/boxes/a')).headers.has('server-timing')).toBe(false);
});

test('the parts of a start are those of the box, and what is left was waiting', async () => {
  const { backend } = testServer();
  const { snapshot } = await backend.create({}, 'a');
  const bootTiming = { imagePrepareMs: 5, filesystemSetupMs: 2, boxConfigMs: 1, boxSpawnMs: 10, guestBootMs: 4 };
  const info = { ...snapshot, bootTiming, startedAt: new Date(1000) };
  expect(startStages(info, 20, 1005)).toEqual({ queue: 3, rootfs: 2, start: 11, guest: 4 });
  // It was up already: nothing of its start was in this answer.
  expect(startStages(info, 20, 9000)).toEqual({ queue: 20 });
  expect(creationStages(info, 8)).toEqual({ queue: 3, image: 5 });
  // One that was kept ready has no parts.
  const warm = { ...info, bootTiming: { imagePrepareMs: 5, totalCreateMs: 7 } };
  expect(startStages(warm, 3, 1001)).toEqual({ queue: 1, rootfs: 0, start: 2, guest: 0 });
});
