// Limits, environment and directories of a box; and a box that stays when it is stopped.
import { image, openRuntime } from './runtime.ts';

await using runtime = await openRuntime();
const box = await runtime.create({ image, cpus: 2, memoryMib: 1024, workingDir: '/tmp', autoRemove: false });
try {
  const { cpus, memoryMib } = await box.info();
  console.log(`${cpus} processors, ${memoryMib} MiB`);
  console.log(`working directory: ${(await box.run('pwd')).stdout.trim()}`);
  const { stdout } = await box.run('sh', ['-c', 'echo "$MODE"'], { env: { MODE: 'test' }, workingDir: '/root' });
  console.log(`environment of a command: ${stdout.trim()}`);
  await box.stop();
  console.log(`after a stop: ${(await runtime.getInfo(box.id))?.status}`);
} finally {
  await runtime.remove(box.id, { force: true });
}
