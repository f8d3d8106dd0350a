import { Boxlite } from '/work/wt/rootless/packages/sdk/src/index.ts';

await using runtime = await Boxlite.local({ homeDir: '/home/boxlite-test/h1' });
await using box = await runtime.create({ image: 'boxlite/base:latest' });
console.time('run');
console.log(
  await box.run('sh', ['-c', 'echo hello; id; cat /proc/self/uid_map; ls -la / | head -20; mount | head -3']),
);
console.timeEnd('run');
console.log((await box.info()).status, await box.metrics());
