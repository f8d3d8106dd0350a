import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fetchClient, path } from './index.ts';

const client = fetchClient({ baseUrl: 'https://host.invalid/api/v4' });

test('a hole is escaped to one segment', () => {
  expect(path`/projects/${'group/name'}/issues/${7}/notes/${8n}`).toBe('/projects/group%2Fname/issues/7/notes/8');
  expect(path`/files/${'a b?c#d%e\\é'}.tar`).toBe('/files/a%20b%3Fc%23d%25e%5C%C3%A9.tar');
});

test.each(['', '.', '..', '%2e', '%2E%2e', '.%2E', '%2e.'])('the segment %j is refused', (value) => {
  expect(() => path`/boxes/${value}`).toThrow(TypeError);
});

test('whatever fills a hole, it stays one segment of the URL and reads back as itself', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 1 }), (value) => {
      let built: string;
      try {
        built = path`/boxes/${value}/files`;
      } catch (error) {
        // Dot segments, and halves of surrogate pairs that no URL can carry.
        return error instanceof TypeError ? /^(\.|%2e){1,2}$/i.test(value) : !value.isWellFormed();
      }
      const { pathname, search, hash } = client.resolve({ method: 'GET', path: built });
      const [empty, api, version, boxes, segment = '', files, ...rest] = pathname.split('/');
      return (
        [empty, api, version, boxes, files].join() === ',api,v4,boxes,files' &&
        rest.length === 0 &&
        search + hash === '' &&
        decodeURIComponent(segment) === value
      );
    }),
  );
});

test('a path that leaves its root does not resolve', () => {
  for (const out of ['../v3/x', '/../../x', 'a/%2e%2e/%2e%2e/x']) {
    expect(() => client.resolve({ method: 'GET', path: out })).toThrow(/leaves/);
  }
  for (const inside of ['//evil.invalid/x', 'https://evil.invalid/', '\\\\evil.invalid/x']) {
    expect(client.resolve({ method: 'GET', path: inside }).host).toBe('host.invalid');
  }
});

test('the instance is the origin, and slashes at the seams do not matter', () => {
  expect(`${client.resolve({ method: 'GET', path: '/oauth/token', base: 'instance' })}`).toBe(
    'https://host.invalid/oauth/token',
  );
  for (const baseUrl of ['https://h.invalid/v1', 'https://h.invalid/v1/', new URL('https://h.invalid/v1?a=b#c')]) {
    for (const relative of ['boxes', '/boxes']) {
      expect(`${fetchClient({ baseUrl }).resolve({ method: 'GET', path: relative })}`).toBe(
        'https://h.invalid/v1/boxes',
      );
    }
  }
});
