// What an ordinary user's boxes do in a cgroup that is delegated to the user; tells what it saw as JSON.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { Boxlite } from 'boxlite';

const read = (path: string): string => readFileSync(path, 'utf8').trim();
const cgroupOf = (pid: number | undefined): string => read(`/proc/${pid}/cgroup`).replace('0::', '');

await using runtime = await Boxlite.local({ homeDir: join(process.env['HOME'] ?? '', 'boxes') });
const { maxCpus, maxMemoryMib } = (await runtime.config()).capabilities;
const box = await runtime.create({ image: 'boxlite/base:latest', cpus: 1, memoryMib: 128, processes: 32 });
await box.start();
const cgroup = cgroupOf((await box.info()).pid);
const file = (name: string): string => read(`/sys/fs/cgroup${cgroup}/${name}`);

const greedy = await box.exec('dd', ['if=/dev/zero', 'of=/dev/null', 'bs=200M', 'count=1']);
const { exitCode } = await greedy.wait();
const many = 'i=0; while [ $i -lt 40 ]; do i=$((i+1)); sleep 50 & done';
const limits = ['cpu.max', 'memory.max', 'memory.swap.max', 'pids.max'].map(file);
const { stderr } = await box.run('sh', ['-c', many]);
await box.pause();
const frozen = file('cgroup.events').includes('frozen 1');
await box.resume();
const seen = {
  limited: maxCpus > 0 && maxMemoryMib > 0,
  id: box.id,
  cgroup,
  own: cgroupOf(process.pid),
  limits,
  exitCode,
  errorMessage: (await greedy.status()).errorMessage,
  stderr,
  frozen,
  thawed: (await box.run('echo', ['thawed'])).stdout,
  memoryBytes: (await box.metrics()).memoryBytes,
};
await runtime.remove(box.id, { force: true });
process.stdout.write(JSON.stringify({ ...seen, left: existsSync(`/sys/fs/cgroup${cgroup}`) }));
