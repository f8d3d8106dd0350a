import { expect, test } from 'vitest';
import { stopSignalNumber } from './stop-signal.ts';

test('a stop signal is a name with or without SIG, a number, or a real-time signal', () => {
  const given = ['SIGINT', 'quit', '9', 'SIGRTMIN+3', 'RTMIN+30'];
  expect(given.map(stopSignalNumber)).toEqual([2, 3, 9, 37, 64]);
});

test('what is no signal is TERM', () => {
  for (const name of [undefined, '', 'SIGNOTHING', '0', '65', '-2', 'RTMIN+31', '1.5']) {
    expect(stopSignalNumber(name)).toBe(15);
  }
});
