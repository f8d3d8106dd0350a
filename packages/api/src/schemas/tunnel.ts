import { literal, string } from './answer.ts';
import { type ErrorModel, errorModel } from './error.ts';
import { whole } from './field.ts';
import { maybe, object, type Schema } from './schema.ts';

/** A way into a box, good for one connection within a minute. */
export interface OpenTunnelResponse {
  /** Where an HTTP `CONNECT` leads to the port: its authority, user part and all, is the target to name. */
  readonly uri: string;
  /** For `streamTunnel`; the same as the user part of `uri`. An addition. */
  readonly ticket?: string | null | undefined;
}

/** Reads a way into a box. */
export const openTunnelResponse: Schema<OpenTunnelResponse> = object({
  uri: string,
  ticket: maybe(string),
});

/** The first message of a tunnel over a WebSocket: the port answered. */
export interface TunnelOpen {
  readonly type: 'open';
}

/** Reads the message. */
export const tunnelOpen: Schema<TunnelOpen> = object({ type: literal('open') });

/** The message in its place: the port cannot be reached. */
export interface TunnelError {
  readonly type: 'error';
  readonly error: ErrorModel;
}

/** Reads the message. */
export const tunnelError: Schema<TunnelError> = object({ type: literal('error'), error: errorModel });

/** The message that no more bytes come from its side. */
export interface TunnelEnd {
  readonly type: 'end';
}

/** Reads the message. */
export const tunnelEnd: Schema<TunnelEnd> = object({ type: literal('end') });

/** The message that bytes were taken, so that as many more may come. */
export interface TunnelTaken {
  readonly type: 'taken';
  /** 1 to 1,048,576. */
  readonly bytes: number;
}

/** Reads the message. */
export const tunnelTaken: Schema<TunnelTaken> = object({
  type: literal('taken'),
  bytes: whole('bytes', 1, 1_048_576),
});
