// Creating and finding boxes and what becomes of them, apart: a page that does no more loads no more of this package.
export { createBox } from './operations/create-box.ts';
export { getBox } from './operations/get-box.ts';
export { getOrCreateBox } from './operations/get-or-create-box.ts';
export { listBoxes } from './operations/list-boxes.ts';
export { pauseBox } from './operations/pause-box.ts';
export { removeBox } from './operations/remove-box.ts';
export { restartBox } from './operations/restart-box.ts';
export { resumeBox } from './operations/resume-box.ts';
export { startBox } from './operations/start-box.ts';
export { stopBox } from './operations/stop-box.ts';
export { type Box, box, type ListBoxesResponse, listBoxesResponse } from './schemas/box.ts';
