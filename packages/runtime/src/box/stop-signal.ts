import { constants } from 'node:os';

const names = new Map<string, number>(Object.entries(constants.signals));
const firstRealTime = 34;

/** The number of a signal as an image names it: `SIGINT`, `INT`, `2`, `RTMIN+3`. TERM where it is none. */
export function stopSignalNumber(name: string | undefined): number {
  const word = (name ?? '').toUpperCase().replace(/^SIG/, '');
  const realTime = /^RTMIN\+(\d{1,2})$/.exec(word)?.[1];
  const number = realTime === undefined ? (names.get(`SIG${word}`) ?? Number(word)) : firstRealTime + Number(realTime);
  return Number.isInteger(number) && number >= 1 && number <= 64 ? number : constants.signals.SIGTERM;
}
