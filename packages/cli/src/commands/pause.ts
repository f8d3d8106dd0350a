import type { Command } from 'commander';
import { addBoxesCommand } from '../each-box.ts';

/** `boxlite pause`. */
export function registerPause(program: Command): void {
  addBoxesCommand(program, 'pause', 'freeze everything in boxes that run; using one again resumes it', (box) =>
    box.pause(),
  );
}
