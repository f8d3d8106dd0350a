// Commands in boxes, apart: a page that does no more loads no more of this package.
export { getExecution } from './operations/get-execution.ts';
export { listExecutions } from './operations/list-executions.ts';
export { removeExecution } from './operations/remove-execution.ts';
export { resizeExecution } from './operations/resize-execution.ts';
export { sendExecutionInput } from './operations/send-execution-input.ts';
export { signalExecution } from './operations/signal-execution.ts';
export { startExecution } from './operations/start-execution.ts';
export { streamExecutionOutput } from './operations/stream-execution-output.ts';
export { type ExecutionInfo, execResponse, executionInfo, listExecutionsResponse } from './schemas/execution.ts';
export { type ExitEvent, exitEvent, outputEvent } from './schemas/output.ts';
export type { Schema } from './schemas/schema.ts';
