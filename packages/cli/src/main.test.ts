import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bin, type Cli, cliInNewHome, exitCode, said } from './testing/cli.ts';

const image = 'boxlite/base:latest';
let cli: Cli;
beforeAll(async () => {
  cli = await cliInNewHome();
});
afterAll(async () => cli[Symbol.asyncDispose]());

test('run gives the output and the exit code of the command, and --rm leaves no box', async () => {
  const script = 'echo out; echo err >&2; exit 42';
  const { code, stdout, stderr } = await cli.run(['run', '--rm', image, 'sh', '-c', script]);
  expect([code, stdout.toString(), stderr]).toEqual([42, 'out\n', 'err\n']);
  expect((await cli.run(['list', '-a', '-q'])).stdout.toString()).toBe('');
});

test('run -i passes every byte of stdin through and back', async () => {
  const bytes = Buffer.from(Uint8Array.from({ length: 1_000_003 }, (_, index) => (index * 31) % 256));
  const { code, stdout } = await cli.run(['run', '--rm', '-i', image, 'cat'], { stdin: bytes });
  expect(code).toBe(0);
  expect(sha256(stdout)).toBe(sha256(bytes));
});

test('stdin that breaks off is an error, and the command does not take what has come for the whole', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const given = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [other]: Socket[] = await once(server, 'connection');
  server.close();
  const child = spawn(process.execPath, [bin, 'run', '--rm', '-i', image, 'sh', '-c', 'cat; echo whole'], {
    env: { ...process.env, BOXLITE_HOME: cli.homeDir },
    stdio: [given, 'pipe', 'pipe'],
  });
  given.destroy();
  const errors = text(child.stderr);
  other?.write('first\n');
  await said(child.stdout, /first\n/);
  other?.resetAndDestroy();
  expect(await text(child.stdout)).toBe('');
  expect([await exitCode(child), await errors]).toEqual([1, expect.stringContaining('stdin cannot be read')]);
});

test('without -i the command finds its stdin closed', async () => {
  const { code, stdout } = await cli.run(['run', '--rm', image, 'cat'], { stdin: 'not for the box' });
  expect([code, stdout.toString()]).toEqual([0, '']);
});

test('environment, working directory and entrypoint reach the command', async () => {
  const script = 'echo $A $B $PWD';
  const flags = ['--rm', '-e', 'A=1', '-e', 'B', '-w', '/tmp', '--entrypoint', 'sh'];
  const { stdout } = await cli.run(['run', ...flags, image, '--', '-c', script], { env: { B: 'two' } });
  expect(stdout.toString()).toBe('1 two /tmp\n');
});

test('a command that a signal ends gives 128 and its number', async () => {
  expect((await cli.run(['run', '--rm', image, 'sh', '-c', 'kill -KILL $$'])).code).toBe(137);
});

test('an interrupt goes to the command, which may end in its own way', async () => {
  const script = 'trap "echo caught; exit 7" INT; echo ready; while :; do sleep 0.05; done';
  const child = cli.start(['run', '--rm', image, 'sh', '-c', script]);
  await said(child.stdout, /ready\n/);
  child.kill('SIGINT');
  await said(child.stdout, /caught\n/);
  expect(await exitCode(child)).toBe(7);
});

test('a reader that goes away ends the command quietly', async () => {
  const child = cli.start(['run', '--rm', image, 'yes']);
  await said(child.stdout, /y\n/);
  child.stdout.destroy();
  const errors = await Array.fromAsync(child.stderr);
  expect([await exitCode(child), Buffer.concat(errors).toString()]).toEqual([141, '']);
});

test('run -i -t gives the command a terminal of this size, and restores this one', async () => {
  const inner = `node ${bin} run --rm -it ${image} sh -c 'stty size; tty; read line; echo got $line'`;
  // script(1) is the terminal.
  const outer = spawn('script', ['-qec', `stty cols 91 rows 33; ${inner}; stty -a`, '/dev/null'], {
    env: { ...process.env, BOXLITE_HOME: cli.homeDir, SHELL: '/bin/sh' },
  });
  await said(outer.stdout, /33 91\s+\/dev\/pts\/0\s/);
  outer.stdin.write('typed\r');
  await said(outer.stdout, /got typed\s/);
  await said(outer.stdout, /[^-]icanon/);
  expect(await exitCode(outer)).toBe(0);
});

test('-i with -t needs a terminal', async () => {
  const { code, stderr } = await cli.run(['run', '--rm', '-it', image, 'true']);
  expect([code, stderr]).toEqual([2, 'Error: -t with -i needs a terminal and stdin is none; leave -t out\n']);
});

test('a box that create made lives from command to command until rm', async () => {
  const id = (await cli.run(['create', '--name', 'kept', image])).stdout.toString().trim();
  expect((await cli.run(['inspect', '-f', '{{.State.Status}}', 'kept'])).stdout.toString()).toBe('configured\n');
  expect((await cli.run(['start', 'kept'])).stdout.toString()).toBe('kept\n');
  await cli.run(['exec', 'kept', 'sh', '-c', 'echo here > /note']);
  expect((await cli.run(['exec', '-u', '65534', 'kept', '--', 'sh', '-c', 'cat /note; id -u'])).stdout.toString()).toBe(
    'here\n65534\n',
  );
  const listed = JSON.parse(
    (await cli.run(['ls', '--format', 'json', '-f', 'name=ke', '-f', 'status=running'])).stdout.toString(),
  ) as { Id: string }[];
  expect(listed.map((box) => box.Id)).toEqual([id]);
  const refused = await cli.run(['rm', 'kept']);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toMatch(/^Error: .*(kept|force)/);
  expect((await cli.run(['stats', 'kept'])).stdout.toString()).toMatch(new RegExp(`^${id} +\\d+\\.\\d % `, 'm'));
  expect((await cli.run(['restart', 'kept'])).code).toBe(0);
  expect((await cli.run(['exec', 'kept', 'cat', '/note'])).stdout.toString()).toBe('here\n');
  expect((await cli.run(['stop', 'kept'])).code).toBe(0);
  expect((await cli.run(['rm', 'kept'])).stdout.toString()).toBe('kept\n');
});

test('--rm of a box that outlives the command is refused before there is one, with what does it', async () => {
  for (const line of [
    ['create', '--rm', '--name', 'brief', image],
    ['run', '-d', '--rm', '--name', 'brief', image, 'true'],
  ]) {
    const { code, stderr } = await cli.run(line);
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/^Error: --rm does not go with .*: --auto-delete SECONDS /),
    ]);
  }
  expect((await cli.run(['inspect', 'brief'])).code).toBe(1);
});

test('cp takes a directory in and a file out', async () => {
  await cli.run(['create', '--name', 'files', image]);
  await mkdir(join(cli.homeDir, 'in/deep'), { recursive: true });
  await writeFile(join(cli.homeDir, 'in/deep/file'), 'content');
  expect((await cli.run(['cp', join(cli.homeDir, 'in'), 'files:/opt'])).stderr).toBe('');
  expect((await cli.run(['cp', 'files:/opt/in/deep/file', join(cli.homeDir, 'out')])).stderr).toBe('');
  expect(await readFile(join(cli.homeDir, 'out'), 'utf8')).toBe('content');
  expect((await cli.run(['cp', '/a', '/b'])).code).toBe(2);
  const toStdout = await cli.run(['cp', 'files:/opt/in/deep/file', '-']);
  expect([toStdout.code, toStdout.stderr]).toEqual([2, expect.stringMatching(/^Error: cp does not write to stdout: /)]);
  await cli.run(['rm', '-f', 'files']);
});

test('a directory becomes an image under the name that import gives it', async () => {
  await mkdir(join(cli.homeDir, 'root'), { recursive: true });
  expect((await cli.run(['images', 'import', join(cli.homeDir, 'root'), 'local/empty:1'])).code).toBe(0);
  expect((await cli.run(['images'])).stdout.toString()).toMatch(/local\/empty +1 /);
});

test('an image is told in full, and removed by its name', async () => {
  await mkdir(join(cli.homeDir, 'removed'), { recursive: true });
  await writeFile(join(cli.homeDir, 'removed/file'), 'told');
  await cli.run(['images', 'import', join(cli.homeDir, 'removed'), 'local/removed:1']);
  const told = await cli.run(['images', 'inspect', 'local/removed:1']);
  expect(JSON.parse(told.stdout.toString())).toMatchObject([
    { Reference: 'docker.io/local/removed:1', Config: { Cmd: ['/bin/sh'], WorkingDir: '/' }, Layers: [{}] },
  ]);
  const removed = await cli.run(['images', 'rm', 'local/removed:1', 'local/never:1']);
  expect([removed.code, removed.stdout.toString()]).toEqual([1, 'local/removed:1\n']);
  expect(removed.stderr).toBe('Error: there is no image local/never:1; boxlite images shows those there are\n');
  const gone = await cli.run(['images', 'inspect', 'local/removed:1']);
  expect([gone.code, gone.stderr]).toEqual([1, expect.stringMatching(/^Error: image not found: local\/removed:1; /)]);
});

test('a box is found by the label that it was made with', async () => {
  await cli.run(['create', '--name', 'labelled', '--label', 'team=a', '-l', 'note=x=y', '-u', 'nobody', image]);
  await cli.run(['create', '--name', 'bare', image]);
  const found = await cli.run(['list', '-a', '-f', 'label=team=a', '-f', 'label=note=x=y', '--format', 'json']);
  expect(JSON.parse(found.stdout.toString())).toMatchObject([{ Name: 'labelled', Labels: { team: 'a' } }]);
  expect((await cli.run(['exec', 'labelled', 'id', '-un'])).stdout.toString()).toBe('nobody\n');
  await cli.run(['rm', '-f', 'labelled', 'bare']);
});

test('pruning removes an image once no box has it', async () => {
  await mkdir(join(cli.homeDir, 'pruned'), { recursive: true });
  await writeFile(join(cli.homeDir, 'pruned/file'), 'x');
  await cli.run(['images', 'import', join(cli.homeDir, 'pruned'), 'local/pruned:1']);
  await cli.run(['create', '--name', 'user', 'local/pruned:1']);
  const kept = await cli.run(['images', 'prune', '--keep', 'local/empty:1']);
  expect([kept.code, kept.stdout.toString()]).toEqual([0, '']);
  await cli.run(['rm', '-f', 'user']);
  const pruned = await cli.run(['images', 'prune', '--keep', 'local/empty:1']);
  expect(pruned.stdout.toString()).toBe('docker.io/local/pruned:1\n');
});

test('a failure is one line on stderr and exit code 1, a senseless command line 2', async () => {
  const missing = await cli.run(['exec', 'nobody', 'true']);
  expect([missing.code, missing.stderr]).toEqual([
    1,
    'Error: box not found: nobody; boxlite list -a shows the boxes there are\n',
  ]);
  for (const args of [['frob'], ['run', '--cpus', 'x', image], ['rm'], ['inspect', '-f', 'xml', 'a']]) {
    const { code, stderr } = await cli.run(args);
    expect([args, code]).toEqual([args, 2]);
    expect(stderr).toMatch(/^Error: /);
  }
});

test('a published port is shown by inspect, a tunnel leads into the box, and what was refused is listed with its remedy', async () => {
  await cli.run(['create', '--name', 'net', '-p', '7', '--allow-net', 'example.com', image]);
  await cli.run(['exec', '-d', 'net', 'nc', '-ll', '-p', '7', '-e', 'cat']);
  await cli.run([
    'exec',
    'net',
    'sh',
    '-c',
    'until netstat -ltn | grep -q :7; do sleep 0.02; done; nc -w 3 192.0.2.7 80',
  ]);
  const ports = await cli.run(['inspect', '-f', '{{json .Network.Ports}}', 'net']);
  expect(ports.stdout.toString()).toMatch(/"HostIp":"127\.0\.0\.1".*"GuestPort":7/);
  const events = await cli.run(['network', 'events', 'net']);
  expect([events.code, events.stdout.toString()]).toEqual([
    0,
    expect.stringMatching(/tcp +192\.0\.2\.7:80 .* --allow-net 192\.0\.2\.7:80\n$/),
  ]);
  const tunnel = cli.start(['network', 'tunnel', 'net', '7']);
  const [, port] = await said(tunnel.stdout, /listening on 127\.0\.0\.1:(\d+)\n/);
  const socket = connect({ port: Number(port), host: '127.0.0.1', allowHalfOpen: true });
  socket.end('through');
  expect(await text(socket)).toBe('through');
  tunnel.kill('SIGINT');
  expect(await exitCode(tunnel)).toBe(0);
  await cli.run(['rm', '-f', 'net']);
});

test('doctor says that this host can run boxes, as the tests above show', async () => {
  const { code, stdout } = await cli.run(['doctor']);
  expect([code, stdout.toString()]).toEqual([0, expect.stringContaining('This host can run boxes.')]);
  const records = JSON.parse((await cli.run(['doctor', '--format', 'json'])).stdout.toString()) as { Name: string }[];
  expect(records.map((record) => record.Name)).toEqual(expect.arrayContaining(['node', 'linux', 'cgroups', 'runc']));
});

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
