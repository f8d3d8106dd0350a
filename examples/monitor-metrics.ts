// Counters of the runtime, and counters and gauges of a box.
import { image, openRuntime } from './runtime.ts';

await using runtime = await openRuntime();
const before = await runtime.metrics();

await using box = await runtime.create({ image });
await box.start();
await box.run('echo', ['hi']);

const { commandsExecutedTotal, memoryBytes = 0, bootTiming } = await box.metrics();
console.log(`box: ${commandsExecutedTotal} command, ${(memoryBytes / 1024 ** 2).toFixed(1)} MiB of memory`);
console.log(`box: up after ${bootTiming?.totalCreateMs?.toFixed(0)} ms`);

const after = await runtime.metrics();
console.log(`runtime: ${after.boxesCreatedTotal - before.boxesCreatedTotal} box created`);
console.log(`runtime: ${after.totalCommandsExecuted - before.totalCommandsExecuted} command executed`);
