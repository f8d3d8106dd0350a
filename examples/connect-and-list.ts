// Connects, and lists the boxes there are.
import { openRuntime } from './runtime.ts';

await using runtime = await openRuntime();
const boxes = await runtime.listInfo();
console.log(`${boxes.length} boxes`);
for (const { id, name, status } of boxes) console.log(`${id}  ${name ?? '-'}  ${status}`);
