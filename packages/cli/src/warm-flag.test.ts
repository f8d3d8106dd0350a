import { expect, test } from 'vitest';
import { warmOptions } from './warm-flag.ts';

test('--warm takes a count, an image and the flags of create', () => {
  expect(warmOptions('4 python:slim')).toMatchObject({ size: 4, box: { image: 'python:slim' } });
  expect(warmOptions(' 2  boxlite/base:latest --memory 256 --disk-size 1 --security maximum')).toMatchObject({
    size: 2,
    box: { image: 'boxlite/base:latest', memoryMib: 256, diskSizeGb: 1, security: 'maximum' },
  });
});

test('--warm takes no name, which only one of its boxes could have', () => {
  expect(() => warmOptions('2 a --name x')).toThrow('--warm takes no --name');
});

test('--warm says what it takes when it is given something else', () => {
  for (const wrong of ['', 'python:slim', '-1 python:slim', '4', '4 a b', '4 a --nonsense', '4 a --memory x'])
    expect(() => warmOptions(wrong)).toThrow('--warm must be "COUNT IMAGE [FLAGS OF create]"');
});
