import type { Requirement } from './requirement.ts';
import { accessRequirements } from './requirements/access.ts';
import { boxRequirements } from './requirements/boxes.ts';
import { diskRequirements } from './requirements/disks.ts';
import { executionRequirements } from './requirements/executions.ts';
import { fileRequirements } from './requirements/files.ts';
import { httpRequirements } from './requirements/http.ts';
import { inputRequirements } from './requirements/input.ts';
import { lifecycleRequirements } from './requirements/lifecycle.ts';
import { listRequirements } from './requirements/lists.ts';
import { outputRequirements } from './requirements/output.ts';
import { retryRequirements } from './requirements/safe-retries.ts';
import { singleFileRequirements } from './requirements/single-files.ts';
import { socketRequirements } from './requirements/sockets.ts';

/** Every requirement, in the order in which they are looked at. */
export const requirements: readonly Requirement[] = [
  ...httpRequirements,
  ...accessRequirements,
  ...boxRequirements,
  ...listRequirements,
  ...lifecycleRequirements,
  ...executionRequirements,
  ...outputRequirements,
  ...inputRequirements,
  ...socketRequirements,
  ...fileRequirements,
  ...singleFileRequirements,
  ...diskRequirements,
  ...retryRequirements,
];
