/** The type byte of frames to the guest; guest/PROTOCOL.md describes them. */
export const request = {
  exec: 1,
  stdin: 2,
  stdinEof: 3,
  signal: 4,
  resize: 5,
  ack: 6,
  exitAck: 7,
  attach: 8,
  list: 9,
  ping: 10,
  outputDiscard: 11,
  shutdown: 12,
} as const;

/** The type byte of frames from the guest. */
export const reply = {
  hello: 65,
  started: 66,
  failed: 67,
  stdout: 68,
  stderr: 69,
  stdinCredit: 70,
  stdinClosed: 71,
  exit: 72,
  listed: 73,
  pong: 74,
  refused: 75,
} as const;

/** Bytes of a frame's header: u32 length, u32 execution, u8 type. */
export const headerLength = 9;
/** Bytes of output's header: that, and u64 offset. */
export const outputHeaderLength = 17;
/** Most bytes of a payload in either direction, but for EXEC. */
export const payloadMax: number = 256 * 1024;
/** Most bytes of EXEC's payload. */
export const execPayloadMax: number = 1024 * 1024;
/** How much of a stream may be unacknowledged, in bytes. */
export const outputWindow: number = 1024 * 1024;
/** How far stdin may run ahead of its credit, in bytes. */
export const stdinWindow: number = 256 * 1024;
