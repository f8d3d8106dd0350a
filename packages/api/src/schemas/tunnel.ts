import * as z from 'zod';
import { type ErrorModel, errorModel } from './error.ts';
import { maybe, whole } from './field.ts';

/** A way into a box, good for one connection within a minute. */
export interface OpenTunnelResponse {
  /** Where an HTTP `CONNECT` leads to the port: its authority, user part and all, is the target to name. */
  readonly uri: string;
  /** For `streamTunnel`; the same as the user part of `uri`. An addition. */
  readonly ticket?: string | null | undefined;
}

/** Reads a way into a box. */
export const openTunnelResponse: z.ZodType<OpenTunnelResponse> = z.object({
  uri: z.string(),
  ticket: maybe(z.string()),
});

/** The first message of a tunnel over a WebSocket: the port answered. */
export interface TunnelOpen {
  readonly type: 'open';
}

/** Reads the message. */
export const tunnelOpen: z.ZodType<TunnelOpen> = z.object({ type: z.literal('open') });

/** The message in its place: the port cannot be reached. */
export interface TunnelError {
  readonly type: 'error';
  readonly error: ErrorModel;
}

/** Reads the message. */
export const tunnelError: z.ZodType<TunnelError> = z.object({ type: z.literal('error'), error: errorModel });

/** The message that no more bytes come from its side. */
export interface TunnelEnd {
  readonly type: 'end';
}

/** Reads the message. */
export const tunnelEnd: z.ZodType<TunnelEnd> = z.object({ type: z.literal('end') });

/** The message that bytes were taken, so that as many more may come. */
export interface TunnelTaken {
  readonly type: 'taken';
  /** 1 to 1,048,576. */
  readonly bytes: number;
}

/** Reads the message. */
export const tunnelTaken: z.ZodType<TunnelTaken> = z.object({
  type: z.literal('taken'),
  bytes: whole('bytes', 1, 1_048_576),
});
