import { seconds } from './field.ts';
import { object, optional, type Schema } from './schema.ts';

/** How a box is stopped. */
export interface StopBoxRequest {
  /** Time to end by itself, then force. At least 0. @default 30 */
  readonly timeout_seconds?: number | undefined;
}

/** Checks a request to stop a box. */
export const stopBoxRequest: Schema<StopBoxRequest> = object({
  timeout_seconds: optional(seconds('timeout_seconds', 0)),
});
