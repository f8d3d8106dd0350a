// Runs commands and reads what they write while they write it.
import { lines } from 'boxlite';
import { image, openRuntime } from './runtime.ts';

await using runtime = await openRuntime();
await using box = await runtime.create({ image });

const { stdout } = await box.run('echo', ['hello from a box']);
console.log(stdout.trim());

const listing = await box.run('ls', ['-la', '/']);
console.log(`ls -la: ${listing.stdout.trim().split('\n').length} lines, exit code ${listing.exitCode}`);

const loop = await box.exec('sh', ['-c', 'for i in 1 2 3; do echo "line $i"; sleep 0.2; done']);
for await (const line of lines(loop.stdout)) console.log(`> ${line}`);

// The exit code is there whether or not anyone reads the output.
const failing = await box.exec('sh', ['-c', 'echo nobody reads this; exit 42']);
console.log(`exit code ${(await failing.wait()).exitCode}`);

const greeted = await box.run('sh', ['-c', 'echo "$GREETING"'], { env: { GREETING: 'bonjour' } });
console.log(greeted.stdout.trim());
