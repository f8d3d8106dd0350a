import { errorResponse, operations } from '@boxlite/api';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { testServer } from './testing/test-server.ts';

const hostileText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom('..', '%00', '%', '%ff', '\0', '__proto__', 'constructor', 'x'.repeat(5000), '\ud800', '', ' ', '🦀'),
  fc.constantFrom('a', 'E1', 'default', 'sha256:0'),
);
const segment = hostileText.map((text) =>
  text.isWellFormed() && text.length % 2 === 0 ? encodeURIComponent(text) : text,
);
const method = fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'PATCH', 'OPTIONS', 'QUERY');
const mostly = (likely: string): fc.Arbitrary<string> =>
  fc.oneof({ weight: 6, arbitrary: fc.constant(likely) }, { weight: 1, arbitrary: segment });
/** A method and a path: mostly those of an operation, so that the fuzz gets behind the router. */
const target = fc.oneof(
  {
    weight: 9,
    arbitrary: fc
      .tuple(
        fc.constantFrom(...operations),
        fc.oneof({ weight: 9, arbitrary: fc.constant('') }, { weight: 1, arbitrary: method }),
        fc.record({
          prefix: mostly('default'),
          box_id: mostly('a'),
          execution_id: mostly('E1'),
          digest: mostly(`sha256:${'0'.repeat(64)}`),
        }),
      )
      .map(([operation, other, names]) => {
        const fill = (path: string, [name, value]: [string, string]): string => path.replace(`{${name}}`, () => value);
        return { verb: other || operation.method, path: Object.entries(names).reduce(fill, operation.path) };
      }),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(method, fc.array(segment)).map(([verb, parts]) => ({ verb, path: `/${parts.join('/')}` })),
  },
);
const query = fc
  .array(
    fc.tuple(
      fc.constantFrom(
        'path',
        'pageSize',
        'pageToken',
        'status',
        'force',
        'overwrite',
        'label',
        'namePrefix',
        'command',
        'cols',
        '__proto__',
      ),
      hostileText,
    ),
    { maxLength: 4 },
  )
  .map((pairs) => pairs.map(([name, value]) => `${name}=${value}`).join('&'));
const field = fc.constantFrom(
  'name',
  'image',
  'cpus',
  'memory_mib',
  'env',
  'volumes',
  'ports',
  'command',
  'args',
  'timeout_seconds',
  'signal',
  'cols',
  'rows',
  'reference',
  'labels',
  '__proto__',
  'rootfs_path',
  'grant_type',
);
const json = fc.oneof(
  fc
    .dictionary(field, fc.oneof(fc.jsonValue(), hostileText, fc.double(), fc.integer()))
    .map((value) => JSON.stringify(value)),
  fc.jsonValue().map((value) => JSON.stringify(value)),
  fc.string({ unit: fc.constantFrom(...'{}[]",:\\u0e-1.tfn \n\0') }),
  fc.constant(`{"a":${'['.repeat(10_000)}`),
  fc.constant('{"name":"a","name":"b"}'),
);
const body = fc.oneof(
  json.map((text) => Buffer.from(text)),
  fc.uint8Array({ maxLength: 200 }),
  fc.constant(undefined),
);
const headerText = fc.string({ unit: fc.constantFrom(...'abcXYZ019 ;,="/-_.:\u00e9\t'), maxLength: 60 });
const headers = fc.record(
  {
    authorization: fc.oneof({ weight: 9, arbitrary: fc.constant('Bearer test-key') }, headerText),
    'content-type': fc.oneof(
      { weight: 3, arbitrary: fc.constant('application/json') },
      fc.constantFrom(
        'application/json',
        'application/json; charset=utf-16',
        'application/x-tar',
        'application/octet-stream',
        'application/x-www-form-urlencoded',
        'multipart/form-data',
      ),
      headerText,
    ),
    'x-request-id': headerText,
    'last-event-id': fc.oneof(headerText, fc.constantFrom('0.0', '1.1', '99999999999999999.1')),
    'idempotency-key': fc.oneof(fc.constantFrom('k1', 'k2'), headerText),
    'x-close-stdin': fc.constantFrom('true', 'false', 'x'),
    'content-length': fc.constantFrom('0', '-1', 'x', '99999999999'),
  },
  { requiredKeys: ['authorization'] },
);

test('no request, however hostile, makes a 5xx or an error without the envelope', async () => {
  const { app, backend } = testServer();
  const box = await backend.create({}, 'a');
  let sent = 0;
  await fc.assert(
    fc.asyncProperty(target, query, headers, body, async ({ verb, path }, search, given, payload) => {
      if (!box.started[0]) (await box.exec({ command: 'manual' })).push('stdout', 'x');
      const request = hostileRequest(verb, `http://server${path}?${search}`, given, payload);
      if (!request) return;
      sent++;
      const response = await app.fetch(request);
      expect(response.status).toBeLessThan(500);
      expect(response.headers.get('x-request-id')).toMatch(/^[A-Za-z0-9._-]{1,128}$/);
      if (response.status >= 400 && verb !== 'HEAD') {
        const { code, request_id } = errorResponse.parse(await response.json()).error;
        if (typeof code === 'number') expect(code).toBe(response.status);
        else expect(request_id).toBe(response.headers.get('x-request-id'));
      } else await response.body?.cancel();
      if (!backend.boxes.includes(box)) backend.boxes.push(box);
    }),
    { numRuns: 4000 },
  );
  expect(sent).toBeGreaterThan(2000);
});

/** Undefined where the platform itself refuses to make such a request. */
function hostileRequest(
  verb: string,
  url: string,
  given: Record<string, string>,
  payload: Uint8Array | undefined,
): Request | undefined {
  try {
    const bodied = payload !== undefined && verb !== 'GET' && verb !== 'HEAD';
    return new Request(url, { method: verb, headers: given, ...(bodied && { body: new Uint8Array(payload) }) });
  } catch {
    return undefined;
  }
}
