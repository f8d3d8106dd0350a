import type { Command } from 'commander';
import { addStoppingCommand } from '../each-box.ts';

/** `boxlite stop`. */
export function registerStop(program: Command): void {
  addStoppingCommand(program, 'stop', 'stop boxes', (box, options) => box.stop(options));
}
