import { expect, test } from 'vitest';
import { boxPath } from './cp.ts';

test('BOX:PATH names a box, and a colon behind a slash does not', () => {
  expect(boxPath('one:/opt/a:b')).toEqual({ box: 'one', path: '/opt/a:b' });
  expect(boxPath('./one:/opt')).toBeUndefined();
  expect(boxPath('/tmp/x')).toBeUndefined();
  expect(boxPath('one:')).toBeUndefined();
});
