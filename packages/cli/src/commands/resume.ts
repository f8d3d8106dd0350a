import type { Command } from 'commander';
import { addBoxesCommand } from '../each-box.ts';

/** `boxlite resume`. */
export function registerResume(program: Command): void {
  addBoxesCommand(program, 'resume', 'let paused boxes go on', (box) => box.resume());
}
