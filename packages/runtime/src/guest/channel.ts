import type { TerminalSize } from 'boxlite/backend';

export interface GuestExec {
  readonly tag: string;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly user: string;
  readonly tty: boolean;
  readonly builtin: boolean;
  readonly size: TerminalSize;
  /** 0: none. */
  readonly timeoutMs: number;
}

export interface GuestExit {
  readonly exitCode: number;
  /** 0: none. */
  readonly signal: number;
  readonly timedOut: boolean;
  readonly outOfMemory: boolean;
  readonly stdoutTotal: number;
  readonly stderrTotal: number;
  readonly durationMs: number;
}

export interface GuestOffsets {
  readonly stdout: number;
  readonly stderr: number;
}

/** One row of the guest's list of executions. */
export interface GuestListing {
  readonly execution: number;
  readonly tag: string;
  readonly running: boolean;
  readonly stdout: { readonly base: number; readonly end: number };
  readonly stderr: { readonly base: number; readonly end: number };
  readonly stdinOffset: number;
}

/** Receives what one execution sends. Calls come in order, one at a time: the next waits for a returned promise. */
export interface GuestSink {
  /**
   * Once it returns (or resolves) the bytes are safe, and the channel acknowledges them. They are `given`, alone in their
   * memory and the sink's to keep, or only lent: then the next piece overwrites them.
   */
  data(stream: 'stdout' | 'stderr', offset: number, bytes: Buffer, given: boolean): void | Promise<void>;
  /** Whether what is given now is kept for a while before it is handed on, or not handed on at all. */
  waits?(): boolean;
  /** Once it returns (or resolves) the exit is safe, and the guest forgets the execution. */
  exit(exit: GuestExit): void | Promise<void>;
  /** The channel broke before the exit came; `attach` on a new channel goes on. */
  broken(error: Error): void;
}

/** A live connection to one guest. guest/PROTOCOL.md says what travels on it. */
export interface GuestChannel {
  readonly bootId: bigint;
  /** Settles when the connection has ended, with the reason where it was not asked for. */
  readonly closed: Promise<Error | undefined>;
  /** Resolves with the pid in the box once the program really runs; `ExecutionError` when it could not be started. */
  exec(execution: number, request: GuestExec, sink: GuestSink): Promise<{ readonly pid: number }>;
  attach(execution: number, from: GuestOffsets, stdinOffset: number, sink: GuestSink): void;
  list(): Promise<readonly GuestListing[]>;
  /** Resolves once the guest has taken the bytes within its credit; `InvalidStateError` when nobody reads stdin. */
  write(execution: number, bytes: Uint8Array, signal?: AbortSignal): Promise<void>;
  /** How many bytes of stdin were written, those that wait for the guest's credit with them; undefined once it has ended. */
  stdinOffset(execution: number): number | undefined;
  closeStdin(execution: number): void;
  signal(execution: number, signal: number): void;
  resize(execution: number, size: TerminalSize): void;
  discardOutput(execution: number): void;
  ping(): Promise<void>;
  shutdown(graceMs: number): void;
  close(): void;
}
