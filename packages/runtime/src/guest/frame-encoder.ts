import type { TerminalSize } from 'boxlite/backend';
import { InvalidArgumentError } from 'boxlite/backend';
import type { GuestExec, GuestOffsets } from './channel.ts';
import { execPayloadMax, headerLength, request } from './frame-type.ts';

/** A frame with room for a payload of `length` bytes, its header filled in. */
export function frame(type: number, execution: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(headerLength + length);
  bytes.writeUInt32LE(length, 0);
  bytes.writeUInt32LE(execution, 4);
  bytes[8] = type;
  return bytes;
}

function writeOffset(bytes: Buffer, value: number, at: number): void {
  bytes.writeUInt32LE(value % 0x1_0000_0000, at);
  bytes.writeUInt32LE(Math.floor(value / 0x1_0000_0000), at + 4);
}

function clampU16(value: number): number {
  return Math.min(Math.max(Math.trunc(value), 0), 0xffff);
}

function writeString(bytes: Buffer, text: string, at: number): number {
  const length = bytes.write(text, at + 4, 'utf8');
  bytes.writeUInt32LE(length, at);
  return at + 4 + length;
}

function writeList(bytes: Buffer, list: readonly string[], at: number): number {
  bytes.writeUInt32LE(list.length, at);
  return list.reduce((end, text) => writeString(bytes, text, end), at + 4);
}

const stringLength = (text: string): number => 4 + Buffer.byteLength(text);
const listLength = (list: readonly string[]): number => list.reduce((sum, text) => sum + stringLength(text), 4);

/** EXEC; `InvalidArgumentError` when the command and its environment exceed 1 MiB. */
export function execFrame(execution: number, exec: GuestExec): Buffer {
  const env = Object.entries(exec.env).map(([name, value]) => `${name}=${value}`);
  const length =
    9 +
    stringLength(exec.tag) +
    stringLength(exec.cwd) +
    stringLength(exec.user) +
    listLength(exec.argv) +
    listLength(env);
  if (length > execPayloadMax) {
    throw new InvalidArgumentError(
      `the command and its environment take ${length} bytes, more than ${execPayloadMax}; pass large values by stdin or a file`,
    );
  }
  const bytes = frame(request.exec, execution, length);
  bytes[9] = (exec.tty ? 1 : 0) | (exec.builtin ? 2 : 0);
  bytes.writeUInt32LE(Math.min(Math.ceil(exec.timeoutMs), 0xffff_ffff), 10);
  bytes.writeUInt16LE(clampU16(exec.size.cols), 14);
  bytes.writeUInt16LE(clampU16(exec.size.rows), 16);
  let at = writeString(bytes, exec.tag, 18);
  at = writeString(bytes, exec.cwd, at);
  at = writeString(bytes, exec.user, at);
  at = writeList(bytes, exec.argv, at);
  writeList(bytes, env, at);
  return bytes;
}

/** STDIN: a copy of the bytes, which start at `offset`. */
export function stdinFrame(execution: number, offset: number, data: Uint8Array): Buffer {
  const bytes = frame(request.stdin, execution, 8 + data.length);
  writeOffset(bytes, offset, 9);
  bytes.set(data, 17);
  return bytes;
}

/** STDIN_EOF. */
export function stdinEofFrame(execution: number, offset: number): Buffer {
  const bytes = frame(request.stdinEof, execution, 8);
  writeOffset(bytes, offset, 9);
  return bytes;
}

/** SIGNAL, or SHUTDOWN with its grace in milliseconds. */
export function numberFrame(type: number, execution: number, value: number): Buffer {
  const bytes = frame(type, execution, 4);
  bytes.writeUInt32LE(value, 9);
  return bytes;
}

/** RESIZE. */
export function resizeFrame(execution: number, size: TerminalSize): Buffer {
  const bytes = frame(request.resize, execution, 4);
  bytes.writeUInt16LE(clampU16(size.cols), 9);
  bytes.writeUInt16LE(clampU16(size.rows), 11);
  return bytes;
}

/** ACK of everything before `offset`; stream 1 is stdout, 2 stderr. */
export function ackFrame(execution: number, stream: 1 | 2, offset: number): Buffer {
  const bytes = frame(request.ack, execution, 9);
  bytes[9] = stream;
  writeOffset(bytes, offset, 10);
  return bytes;
}

/** ATTACH. */
export function attachFrame(execution: number, from: GuestOffsets): Buffer {
  const bytes = frame(request.attach, execution, 16);
  writeOffset(bytes, from.stdout, 9);
  writeOffset(bytes, from.stderr, 17);
  return bytes;
}
