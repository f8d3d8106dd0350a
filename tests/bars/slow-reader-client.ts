// Started by slow-reader.test.ts: reads a command's output slowly, on this machine or on a server, and says what it took.
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { ApiKeyCredential, Boxlite } from 'boxlite';

const [where = '', home = '', key = '', mib = '1'] = process.argv.slice(2);
const runtime = where === 'local' ? await Boxlite.local({ homeDir: home }) : restRuntime();
const box = await runtime.create({ image: 'boxlite/base:latest' });
// The same work, small, so that what is held for good is there.
await read(8);
const before = resident();
let most = before;
const sampling = setInterval(() => {
  most = Math.max(most, resident());
}, 10);
const bytes = await read(Number(mib));
clearInterval(sampling);
await runtime.remove(box.id, { force: true });
await runtime.shutdown();
console.log(JSON.stringify({ bytes, grownMib: most - before }));

function restRuntime(): Boxlite {
  return Boxlite.rest({ url: where, credential: new ApiKeyCredential(key) });
}

/** Reads so many MiB, much slower than they are written. */
async function read(wanted: number): Promise<number> {
  const execution = await box.exec('dd', ['if=/dev/zero', 'bs=1M', `count=${wanted}`]);
  let had = 0;
  let pause = 0;
  for await (const { stream, data } of execution.output()) {
    if (stream === 'stdout') had += data.length;
    if (had < pause) continue;
    pause = had + 1024 * 1024;
    await delay(5);
  }
  return had;
}

function resident(): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1024;
}
