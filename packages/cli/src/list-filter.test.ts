import { expect, test } from 'vitest';
import { listFilter } from './list-filter.ts';
import { UsageError } from './usage.ts';

test('filters go together, labels add up, and the last of another kind wins', () => {
  expect(listFilter(['status=stopped', 'name=a', 'label=x=1', 'label=y=a=b', 'label=z=', 'name=web-'])).toEqual({
    status: 'stopped',
    namePrefix: 'web-',
    labels: { x: '1', y: 'a=b', z: '' },
  });
  expect(listFilter([])).toEqual({});
});

test.each(['', 'status', 'status=', 'status=up', 'name=', 'label=x', 'label==1', 'id=1', 'name'])(
  '%j is refused with what is possible',
  (filter) => {
    expect(() => listFilter([filter])).toThrow(UsageError);
    expect(() => listFilter([filter])).toThrow('name=PREFIX');
  },
);
