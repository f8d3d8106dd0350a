import type { Command } from 'commander';
import { addBoxesCommand } from '../each-box.ts';

/** `boxlite start`. */
export function registerStart(program: Command): void {
  addBoxesCommand(program, 'start', 'start boxes', (box) => box.start());
}
