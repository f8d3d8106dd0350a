import { checkWhole, refuse } from './argument.ts';
import type { TerminalSize } from './backend/box-options.ts';

/** Refuses a terminal size that no terminal has. */
export function checkSize(size: TerminalSize): void {
  if (typeof size !== 'object' || size === null) refuse('size', '{ cols, rows }', size);
  for (const field of ['cols', 'rows'] as const) {
    if (size[field] === undefined) refuse(`size.${field}`, 'a whole number from 1 to 65535', undefined);
    checkWhole(`size.${field}`, size[field], 1, 65535);
  }
}
