import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { member } from './outcome.ts';
import { requirements } from './requirements.ts';

const spec: unknown = parse(readFileSync(new URL('../../../../spec/openapi.yaml', import.meta.url), 'utf8'));
const operationIds = new Set(
  Object.values(Object(member(spec, 'paths'))).flatMap((path) =>
    Object.values(Object(path)).map((operation) => member(operation, 'operationId')),
  ),
);

test('every requirement names a clause that is in the contract', () => {
  const lost = requirements.filter(
    ({ clause }) => !operationIds.has(clause) && member(spec, ...clause.split('/')) === undefined,
  );
  expect(lost.map(({ id, clause }) => `${id}: ${clause}`)).toEqual([]);
});

test('every requirement has an id of its own, of a group and a name, and says in a line what must be so', () => {
  const ids = requirements.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.filter((id) => !/^[a-z]+\.[a-z0-9-]+$/.test(id))).toEqual([]);
  expect(requirements.filter(({ text }) => text.length > 120 || text.endsWith('.')).map(({ id }) => id)).toEqual([]);
});

test('the operations that no requirement names are these', () => {
  const clauses = new Set(requirements.map(({ clause }) => clause));
  const unnamed = [...operationIds].filter((id) => typeof id === 'string' && !clauses.has(id));
  expect(unnamed).toMatchInlineSnapshot(`
    [
      "listApiKeys",
      "revokeApiKey",
      "pauseBox",
      "resumeBox",
      "statFile",
      "makeDirectory",
      "listNetworkEvents",
      "openTunnel",
      "streamTunnel",
      "pullImage",
      "pruneImages",
      "importImage",
      "getImage",
      "imageExists",
      "removeImage",
      "listSnapshots",
      "getSnapshot",
      "removeSnapshot",
      "exportBox",
      "listVolumes",
      "getVolume",
    ]
  `);
});
