import { type Box, ExecutionError, InvalidArgumentError, InvalidStateError, NotFoundError } from 'boxlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { onBothBackends, startedBox } from './harness.ts';

onBothBackends((runtime) => {
  let box: Box;
  beforeAll(async () => {
    box = await startedBox(runtime(), { env: { FROM_BOX: 'box' }, workingDir: '/tmp' });
  });
  afterAll(async () => {
    await runtime().remove(box.id, { force: true });
  });

  test('an exit code is the command’s own, also when nobody reads its output', async () => {
    const execution = await box.exec('sh', ['-c', 'echo ignored; exit 42']);
    expect(await execution.wait()).toMatchObject({ exitCode: 42, timedOut: false });
  });

  test('a command sees the environment of its box and its own', async () => {
    const { stdout } = await box.run('sh', ['-c', 'echo $FROM_BOX $FROM_EXEC'], { env: { FROM_EXEC: 'exec' } });
    expect(stdout).toBe('box exec\n');
  });

  test('a command runs in the working directory of its box, or in its own', async () => {
    expect((await box.run('pwd')).stdout).toBe('/tmp\n');
    expect((await box.run('pwd', [], { workingDir: '/etc' })).stdout).toBe('/etc\n');
  });

  test('a command runs as the user asked for, by name or by number', async () => {
    expect((await box.run('id', ['-u'])).stdout).toBe('0\n');
    expect((await box.run('id', ['-un'], { user: 'nobody' })).stdout).toBe('nobody\n');
    expect((await box.run('sh', ['-c', 'id -u; id -g'], { user: '1234:4321' })).stdout).toBe('1234\n4321\n');
  });

  test('an unknown program, user or directory is an ExecutionError that names it', async () => {
    await expect(box.exec('no-such-program')).rejects.toThrow(ExecutionError);
    await expect(box.exec('no-such-program')).rejects.toThrow(/no-such-program/);
    await expect(box.exec('true', [], { user: 'stranger' })).rejects.toThrow(/stranger/);
    await expect(box.exec('true', [], { workingDir: '/no/such/dir' })).rejects.toThrow(/\/no\/such\/dir/);
  });

  test('bad arguments are InvalidArgumentErrors that name the field', async () => {
    await expect(box.exec('')).rejects.toThrow(InvalidArgumentError);
    await expect(box.exec('')).rejects.toThrow(/command/);
    await expect(box.exec('true', [], { timeoutMs: 1 })).rejects.toThrow(/timeout/i);
    await expect(box.exec('true', [], { workingDir: 'relative' })).rejects.toThrow(/working_?dir/i);
  });

  test('a timeout ends the whole process tree and is reported', async () => {
    const execution = await box.exec('sh', ['-c', 'sleep 987 & sleep 986'], { timeoutMs: 300 });
    const result = await execution.wait();
    expect(result.timedOut).toBe(true);
    expect(result.exitCode).not.toBe(0);
    expect((await execution.status()).status).toBe('timed_out');
    expect((await box.run('ps')).stdout).not.toMatch(/sleep 98[67]/);
  });

  test('a signal reaches the command', async () => {
    const execution = await box.exec('sh', [
      '-c',
      'trap "echo caught; exit 7" TERM; echo ready; while :; do sleep 0.01; done',
    ]);
    for await (const chunk of execution.output()) {
      if (new TextDecoder().decode(chunk.data).includes('ready')) break;
    }
    await execution.signal('SIGTERM');
    expect((await execution.wait()).exitCode).toBe(7);
  });

  test('a killed command reports the signal and 128 plus its number', async () => {
    const execution = await box.exec('sleep', ['1000']);
    await execution.kill();
    expect(await execution.wait()).toMatchObject({ exitCode: 137, signal: 'SIGKILL', timedOut: false });
    expect((await execution.status()).status).toBe('killed');
  });

  test('a signal or a resize after the end is an InvalidStateError', async () => {
    const execution = await box.exec('true');
    await execution.wait();
    await expect(execution.signal(15)).rejects.toThrow(InvalidStateError);
    await expect(execution.resize({ cols: 100, rows: 40 })).rejects.toThrow(InvalidStateError);
  });

  test('an execution is found again by its id, and an unknown one is a NotFoundError', async () => {
    const execution = await box.exec('sh', ['-c', 'echo again']);
    await execution.wait();
    const again = await box.execution(execution.id);
    const { exitCode } = await again.wait();
    expect(exitCode).toBe(0);
    let text = '';
    for await (const { data } of again.output()) text += new TextDecoder().decode(data);
    expect(text).toBe('again\n');
    await expect(box.execution('01ARZ3NDEKTSV4RRFFQ69G5FAV').then((found) => found.status())).rejects.toThrow(
      NotFoundError,
    );
  });

  test('a background process that keeps the pipes open does not hold the exit up', async () => {
    const began = performance.now();
    const { exitCode, stdout } = await box.run('sh', ['-c', 'sleep 60 & echo $!']);
    expect(exitCode).toBe(0);
    expect(performance.now() - began).toBeLessThan(10_000);
    await box.run('kill', ['-9', stdout.trim()]);
  });

  test('a hundred commands at once each have their own output', async () => {
    const results = await Promise.all(Array.from({ length: 100 }, (_, i) => box.run('echo', [String(i)])));
    expect(results.map(({ stdout }) => stdout)).toEqual(Array.from({ length: 100 }, (_, i) => `${i}\n`));
  });

  test('stopping a box ends its commands and says so', async () => {
    const other = await startedBox(runtime());
    const execution = await other.exec('sleep', ['1000']);
    await other.stop({ timeoutMs: 5000 });
    const { exitCode } = await execution.wait();
    expect(exitCode).toBeGreaterThan(128);
    await runtime().remove(other.id);
  });

  test('an aborted call rejects with the reason of its signal', async () => {
    const execution = await box.exec('sleep', ['1000']);
    const reason = new Error('changed my mind');
    const controller = new AbortController();
    const waiting = execution.wait({ signal: controller.signal });
    controller.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    await execution.kill();
    await execution.wait();
  });
});
