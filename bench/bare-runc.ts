import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

function succeeded(command: string, args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: 'ignore' });
    child.on('error', reject);
    child.on('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`${command} ${args[0]} exited with ${code}`)),
    );
  });
}

/** What one gets from runc without BoxLite: a spawn a command, a spawn a box. */
export function bareRunc(homeDir: string, bundle: string): { exec(box: string): Promise<void>; run(): Promise<void> } {
  mkdirSync(bundle, { recursive: true });
  execFileSync('runc', ['spec'], { cwd: bundle });
  const layers = join(homeDir, 'images/layers');
  const [layer = ''] = readdirSync(layers);
  const spec = JSON.parse(readFileSync(join(bundle, 'config.json'), 'utf8'));
  spec.root = { path: join(layers, layer), readonly: true };
  spec.process.args = ['/bin/true'];
  spec.process.terminal = false;
  delete spec.process.rlimits;
  spec.linux.resources = {
    ...spec.linux.resources,
    memory: { limit: 512 * 1024 ** 2 },
    cpu: { quota: 100_000, period: 100_000 },
  };
  writeFileSync(join(bundle, 'config.json'), JSON.stringify(spec));
  let runs = 0;
  return {
    exec: (box) => succeeded('runc', ['--root', join(homeDir, 'engine/runc'), 'exec', box, '/bin/true']),
    run: () =>
      succeeded('runc', ['--root', join(bundle, 'state'), 'run', '--bundle', bundle, `bare-${process.pid}-${runs++}`]),
  };
}
