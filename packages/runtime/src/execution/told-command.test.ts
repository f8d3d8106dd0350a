import { expect, test } from 'vitest';
import { toldCommand } from './told-command.ts';

test('a command is told as it is, none is not, and a long one ends where it is cut', () => {
  expect(toldCommand(['sh', '-c', 'echo "a  b"; ls', ''])).toEqual(['sh', '-c', 'echo "a  b"; ls', '']);
  expect(toldCommand([])).toBeUndefined();
  expect(toldCommand(['x'.repeat(1023)])).toEqual(['x'.repeat(1023)]);
  expect(toldCommand(['x'.repeat(1024)])).toEqual([`${'x'.repeat(1024)}…`]);
  expect(toldCommand(['x'.repeat(1021), 'yy', 'z'])).toEqual(['x'.repeat(1021), 'yy…']);
});

test('a hundred thousand empty words are bounded, and half a character is none', () => {
  const told = toldCommand(Array<string>(100_000).fill(''));
  expect(told).toHaveLength(1025);
  expect(told?.at(-1)).toBe('…');
  expect(toldCommand([`${'x'.repeat(1023)}😀`])).toEqual([`${'x'.repeat(1023)}\ufffd…`]);
});
