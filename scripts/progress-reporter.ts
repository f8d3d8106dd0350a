// A vitest reporter that writes a line when a test file begins and one when it ends, so that a run that is cut can be counted.
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import type { Reporter, TestModule } from 'vitest/node';

const note = (event: object): void => {
  const folder = process.env['BOXLITE_TEST_PROGRESS'];
  if (folder) appendFileSync(join(folder, 'progress'), `${JSON.stringify(event)}\n`);
};

/** Tests by their outcome; a file that did not load, or whose hooks failed, without a failed test counts as one. */
function outcome(module: TestModule): { readonly passed: number; readonly failed: number } {
  let passed = 0;
  let failed = 0;
  for (const test of module.children.allTests()) {
    if (test.result().state === 'passed') passed++;
    if (test.result().state === 'failed') failed++;
  }
  return { passed, failed: failed === 0 && module.state() === 'failed' ? 1 : failed };
}

/** Reads `$BOXLITE_TEST_PROGRESS`, a folder. */
export default class ProgressReporter implements Reporter {
  onTestModuleStart(module: TestModule): void {
    note({ file: module.relativeModuleId });
  }

  onTestModuleEnd(module: TestModule): void {
    note({ file: module.relativeModuleId, ...outcome(module) });
  }
}
