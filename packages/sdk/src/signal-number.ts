import { InvalidArgumentError } from './errors.ts';

/** The signals of Linux by name; boxes are Linux whatever the host is. */
export const signalNumbers = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGILL: 4,
  SIGTRAP: 5,
  SIGABRT: 6,
  SIGBUS: 7,
  SIGFPE: 8,
  SIGKILL: 9,
  SIGUSR1: 10,
  SIGSEGV: 11,
  SIGUSR2: 12,
  SIGPIPE: 13,
  SIGALRM: 14,
  SIGTERM: 15,
  SIGSTKFLT: 16,
  SIGCHLD: 17,
  SIGCONT: 18,
  SIGSTOP: 19,
  SIGTSTP: 20,
  SIGTTIN: 21,
  SIGTTOU: 22,
  SIGURG: 23,
  SIGXCPU: 24,
  SIGXFSZ: 25,
  SIGVTALRM: 26,
  SIGPROF: 27,
  SIGWINCH: 28,
  SIGIO: 29,
  SIGPWR: 30,
  SIGSYS: 31,
} as const;

/** A signal's name, such as `SIGTERM`. */
export type SignalName = keyof typeof signalNumbers;

/** The number of a signal given by name or by number (1 to 64). */
export function signalNumber(signal: SignalName | number): number {
  if (typeof signal === 'string' && Object.hasOwn(signalNumbers, signal)) return signalNumbers[signal];
  if (typeof signal === 'number' && Number.isInteger(signal) && signal >= 1 && signal <= 64) return signal;
  throw new InvalidArgumentError(
    `signal must be a name such as 'SIGTERM' or a number from 1 to 64, not ${JSON.stringify(signal)}`,
  );
}
