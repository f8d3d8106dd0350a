import fc from 'fast-check';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { type Pageable, type Pagination, paged } from './index.ts';
import { expecting, serving } from './testing/index.ts';

const listOf = (pagination: Pagination): Pageable => ({ method: 'GET', path: '/things', pagination });
const numbers = (length: number): number[] => Array.from({ length }, (_, n) => n);

const modes: Pagination[] = [
  { mode: 'page' },
  { mode: 'page', pageParam: 'p', sizeParam: 'size', items: 'data.items' },
  { mode: 'keyset' },
  { mode: 'keyset', items: 'things' },
  { mode: 'token' },
  { mode: 'token', tokenParam: 'cursor', sizeParam: 'n', items: 'result.boxes', nextToken: 'result.next' },
];

test.each(modes)('every list comes whole and in order, to the exact limit, by %j', async (pagination) => {
  const token = pagination.mode === 'token' && !pagination.items ? { ...pagination, items: 'items' } : pagination;
  await fc.assert(
    fc.asyncProperty(
      fc.nat(40),
      fc.option(fc.nat(50), { nil: undefined }),
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 1, max: 12 }),
      async (length, limit, pageSize, maxPageSize) => {
        const client = serving(numbers(length), token, { maxPageSize });
        const list = await paged(listOf(token), z.number(), { limit, pageSize }).send(client);
        expect(list).toEqual(numbers(length).slice(0, limit));
        const needed = Math.ceil(list.length / Math.min(pageSize, maxPageSize));
        expect(client.asked.length).toBeLessThanOrEqual(limit === 0 ? 0 : Math.max(1, needed + 1));
      },
    ),
  );
});

test('without links a short page is the last, and a full one is not', async () => {
  const pagination: Pagination = { mode: 'page' };
  const client = serving(numbers(4), pagination, { links: false });
  expect(await paged(listOf(pagination), z.number(), { pageSize: 2 }).send(client)).toEqual([0, 1, 2, 3]);
  expect(client.asked).toEqual([1, 2, 3].map((page) => `/v1/things?per_page=2&page=${page}`));
});

test('a limit below the page size asks for no more than it needs', async () => {
  const client = serving(numbers(9), { mode: 'keyset' });
  await paged(listOf({ mode: 'keyset' }), z.number(), { limit: 3 }).send(client);
  expect(client.asked).toEqual(['/v1/things?per_page=3']);
});

test('the mode may depend on the parameters of the endpoint', async () => {
  const projects = (orderBy: 'id' | 'name'): Pageable => ({
    ...listOf(orderBy === 'id' ? { mode: 'keyset' } : { mode: 'page' }),
    params: { order_by: orderBy, pagination: orderBy === 'id' ? 'keyset' : undefined },
  });
  await using client = expecting([
    { path: '/things', params: { order_by: 'id', pagination: 'keyset', per_page: 100 }, answer: Response.json([]) },
    { path: '/things', params: { order_by: 'name', per_page: 100, page: 1 }, answer: Response.json([]) },
  ]);
  await paged(projects('id')).send(client);
  await paged(projects('name')).send(client);
});

test('a followed link keeps the headers of the endpoint and takes nothing else along', async () => {
  const link = { link: '</v1/elsewhere?cursor=2>; rel=next' };
  await using client = expecting([
    {
      path: '/things',
      params: { q: 'a', per_page: 1, page: 1 },
      headers: { sudo: 'r' },
      answer: Response.json([1], { headers: link }),
    },
    { path: '/elsewhere', params: { cursor: '2' }, headers: { sudo: 'r' }, answer: Response.json([2]) },
  ]);
  const endpoint: Pageable = { ...listOf({ mode: 'page' }), params: { q: 'a' }, headers: { sudo: 'r' } };
  expect(await paged(endpoint, z.number(), { pageSize: 1 }).send(client)).toEqual([1, 2]);
});

test.each([
  ['<https://evil.invalid/x>; rel=next', /another origin/],
  ['<http://api.invalid/v1/things>; rel=next', /another origin/],
  ['<//api.invalid:444/v1>; rel=next', /another origin/],
  ['<http://>; rel=next', /another origin/],
  ['<?per_page=100>; rel=next', /same page again/],
])('the next page %s is refused', async (link, message) => {
  await using client = expecting([
    { path: '/things', params: { per_page: 100 }, answer: Response.json([1], { headers: { link } }) },
  ]);
  await expect(paged(listOf({ mode: 'keyset' })).send(client)).rejects.toThrow(message);
});

test('a token that leads to its own page is refused instead of walked for ever', async () => {
  const answer = (): Response => Response.json({ boxes: [1], next_page_token: 't' });
  await using client = expecting([
    { path: '/things', params: { pageSize: 100 }, answer },
    { path: '/things', params: { pageSize: 100, pageToken: 't' }, answer },
  ]);
  await expect(paged(listOf({ mode: 'token', items: 'boxes' })).send(client)).rejects.toMatchObject({ code: 'schema' });
});

test.each([{}, { items: {} }, { items: null }, 'text', null])(
  'a page %j that holds no list is a SchemaError',
  async (body) => {
    await using client = expecting([{ path: '/things', params: { pageSize: 100 }, answer: Response.json(body) }]);
    await expect(paged(listOf({ mode: 'token', items: 'items' })).send(client)).rejects.toMatchObject({
      code: 'schema',
    });
  },
);

test('an item that is not what was asked for stops the walk there', async () => {
  await using client = expecting([
    { path: '/things', params: { per_page: 100, page: 1 }, answer: Response.json([1, 'two', 3]) },
  ]);
  const seen: number[] = [];
  const walk = async (): Promise<void> => {
    for await (const n of paged(listOf({ mode: 'page' }), z.number()).items(client)) seen.push(n);
  };
  await expect(walk()).rejects.toMatchObject({ code: 'schema' });
  expect(seen).toEqual([1]);
});

test('an abort between two items throws its reason', async () => {
  const controller = new AbortController();
  const client = serving(numbers(5), { mode: 'page' });
  const walk = async (): Promise<void> => {
    const { signal } = controller;
    for await (const _ of paged(listOf({ mode: 'page' })).items(client, { signal })) controller.abort('enough');
  };
  await expect(walk()).rejects.toBe('enough');
});

test.each([{ limit: -1 }, { limit: Number.NaN }, { pageSize: 0 }, { pageSize: 1.5 }])(
  '%j is out of range',
  (options) => {
    expect(() => paged(listOf({ mode: 'page' }), z.number(), options)).toThrow(RangeError);
  },
);
