import type { Command } from 'commander';
import { addStoppingCommand } from '../each-box.ts';

/** `boxlite restart`. */
export function registerRestart(program: Command): void {
  addStoppingCommand(program, 'restart', 'stop boxes, without removing any, and start them again', (box, options) =>
    box.restart(options),
  );
}
