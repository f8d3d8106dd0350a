import { createHash, randomBytes } from 'node:crypto';
import { type Box, InvalidStateError } from 'boxlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { onBothBackends, startedBox } from './harness.ts';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

async function readUntil(stream: AsyncIterable<{ data: Uint8Array }>, pattern: RegExp): Promise<string> {
  let text = '';
  for await (const { data } of stream) {
    text += decode(data);
    if (pattern.test(text)) return text;
  }
  throw new Error(`the output ended before ${pattern}: ${JSON.stringify(text)}`);
}

onBothBackends((runtime) => {
  let box: Box;
  beforeAll(async () => {
    box = await startedBox(runtime());
  });
  afterAll(async () => {
    await runtime().remove(box.id, { force: true });
  });

  test('stdin reaches the command in pieces, and its end too', async () => {
    const execution = await box.exec('cat');
    const stdin = execution.stdin.getWriter();
    await stdin.write(encode('one '));
    await stdin.write(encode('two\n'));
    await stdin.close();
    let text = '';
    for await (const data of execution.stdout) text += decode(data);
    expect(text).toBe('one two\n');
    expect((await execution.wait()).exitCode).toBe(0);
  });

  test('stdin given beforehand is fed and closed', async () => {
    expect((await box.run('cat', [], { stdin: 'text' })).stdout).toBe('text');
    expect((await box.run('wc', ['-c'], { stdin: new Uint8Array(1000) })).stdout.trim()).toBe('1000');
  });

  test('eight megabytes of stdin arrive exactly', async () => {
    const bytes = randomBytes(8 * 1024 * 1024);
    const { stdout } = await box.run('sha256sum', [], { stdin: new Uint8Array(bytes) });
    expect(stdout.split(' ')[0]).toBe(createHash('sha256').update(bytes).digest('hex'));
  });

  test('a command run without stdin sees its end at once', async () => {
    expect(await box.run('cat')).toMatchObject({ stdout: '', exitCode: 0 });
  });

  test('what is no bytes is refused by a writer of stdin, and in a stream that is fed to it', async () => {
    const said =
      /^what is written to stdin must be bytes, as new TextEncoder\(\).encode\(text\) gives them, not "text"$/;
    const execution = await box.exec('cat');
    await expect(execution.stdin.getWriter().write('text' as never)).rejects.toThrow(said);
    await execution.kill();
    const stdin = new ReadableStream<never>({ start: (controller) => controller.enqueue('text' as never) });
    await expect(box.run('cat', [], { stdin })).rejects.toThrow(said);
  });

  test('a write after the end of the command is an InvalidStateError', async () => {
    const execution = await box.exec('true');
    await execution.wait();
    await expect(execution.stdin.getWriter().write(encode('late'))).rejects.toThrow(InvalidStateError);
  });

  test('a terminal has the size asked for, follows a resize, and echoes', async () => {
    const execution = await box.exec('sh', [], { tty: true, size: { cols: 100, rows: 30 } });
    const stdin = execution.stdin.getWriter();
    const output = execution.output();
    await stdin.write(encode('stty size\n'));
    expect(await readUntil(output, /30 100/)).toContain('stty size');
    await execution.resize({ cols: 132, rows: 43 });
    await stdin.write(encode('stty size; exit 5\n'));
    await readUntil(execution.output(), /43 132/);
    expect((await execution.wait()).exitCode).toBe(5);
  });

  test('control-C on a terminal interrupts the command', async () => {
    const execution = await box.exec(
      'sh',
      ['-c', 'trap "echo interrupted; exit 3" INT; echo ready; while :; do sleep 0.01; done'],
      {
        tty: true,
      },
    );
    await readUntil(execution.output(), /ready/);
    await execution.stdin.getWriter().write(Uint8Array.of(3));
    expect((await execution.wait()).exitCode).toBe(3);
    await readUntil(execution.output(), /interrupted/);
  });

  test('the end of stdin on a terminal is control-D', async () => {
    const execution = await box.exec('cat', [], { tty: true });
    const stdin = execution.stdin.getWriter();
    await stdin.write(encode('line\n'));
    await stdin.close();
    expect((await execution.wait()).exitCode).toBe(0);
  });

  test('a resize without a terminal is an InvalidStateError', async () => {
    const execution = await box.exec('sleep', ['1000']);
    await expect(execution.resize({ cols: 80, rows: 24 })).rejects.toThrow(InvalidStateError);
    await execution.kill();
    await execution.wait();
  });
});
