import { expect, test } from 'vitest';
import { table } from './table.ts';

test('columns are as wide as their widest cell, and no line ends in spaces', () => {
  expect(
    table(
      ['ID', 'NAME'],
      [
        ['1', '-'],
        ['12345', 'x'],
      ],
    ),
  ).toBe('ID     NAME\n1      -\n12345  x\n');
});

test('control characters in a cell are shown, not obeyed', () => {
  expect(table(['NAME'], [['a\x1b[31mb\nc\x7f\x9b']])).toBe('NAME\na\\u001b[31mb\\u000ac\\u007f\\u009b\n');
});
