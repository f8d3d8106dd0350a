import * as z from 'zod';
import { seconds } from './field.ts';

/** How a box is stopped. */
export interface StopBoxRequest {
  /** Time to end by itself, then force. At least 0. @default 30 */
  readonly timeout_seconds?: number | undefined;
}

/** Checks a request to stop a box. */
export const stopBoxRequest: z.ZodType<StopBoxRequest> = z.object({
  timeout_seconds: seconds('timeout_seconds', 0).optional(),
});
