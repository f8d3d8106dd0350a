import { createHash } from 'node:crypto';
import type { Box } from 'boxlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { onBothBackends, startedBox } from './harness.ts';

const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

async function collect(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
}

onBothBackends((runtime) => {
  let box: Box;
  beforeAll(async () => {
    box = await startedBox(runtime());
  });
  afterAll(async () => {
    await runtime().remove(box.id, { force: true });
  });

  test('output comes while the command runs', async () => {
    const execution = await box.exec('sh', ['-c', 'echo first; read line; echo second $line']);
    const output = execution.output()[Symbol.asyncIterator]();
    const first = await output.next();
    expect(first.done ? '' : decode(first.value.data)).toBe('first\n');
    expect((await execution.status()).status).toBe('running');
    const stdin = execution.stdin.getWriter();
    await stdin.write(new TextEncoder().encode('line\n'));
    const second = await output.next();
    expect(second.done ? '' : decode(second.value.data)).toBe('second line\n');
    expect((await output.next()).done).toBe(true);
  });

  test('stdout and stderr are apart, and together in the order of writing', async () => {
    // Each is written once the one before was read: of two pipes with something in them, nobody knows which had it first.
    const script = 'for i in 1 2 3; do echo out$i; read go; echo err$i >&2; read go; done';
    const execution = await box.exec('sh', ['-c', script]);
    const stdin = execution.stdin.getWriter();
    const inOrder = [1, 2, 3].flatMap((i) => [`stdout out${i}`, `stderr err${i}`]);
    const seen: string[] = [];
    for await (const { stream, data } of execution.output()) {
      seen.push(`${stream} ${decode(data).trim()}`);
      await stdin.write(new TextEncoder().encode('\n'));
    }
    expect(seen).toEqual(inOrder);
    const again: string[] = [];
    for await (const { stream, data } of execution.output()) again.push(`${stream} ${decode(data).trim()}`);
    expect(again).toEqual(inOrder);
    const [stdout, stderr] = await Promise.all([collect(execution.stdout), collect(execution.stderr)]);
    expect(decode(stdout)).toBe('out1\nout2\nout3\n');
    expect(decode(stderr)).toBe('err1\nerr2\nerr3\n');
  });

  test('what a reader does to its chunks, another that reads at the same time does not see', async () => {
    const execution = await box.exec('sh', ['-c', 'read go; dd if=/dev/zero bs=65536 count=64 2>/dev/null']);
    const read = async (change: (data: Uint8Array) => void): Promise<number> => {
      let changed = 0;
      for await (const { data } of execution.output()) {
        if (data.some((byte) => byte !== 0)) changed += data.length;
        change(data);
      }
      return changed;
    };
    const all = Promise.all([read((data) => data.fill(1)), read((data) => data.fill(2)), read(() => {})]);
    await execution.stdin.getWriter().write(new TextEncoder().encode('\n'));
    expect(await all).toEqual([0, 0, 0]);
  });

  test('bytes that are no text arrive as they were', async () => {
    const script = 'i=0; while [ $i -lt 256 ]; do printf "\\\\$(printf %03o $i)"; i=$((i+1)); done';
    const bytes = await collect((await box.exec('sh', ['-c', script])).stdout);
    expect([...bytes]).toEqual(Array.from({ length: 256 }, (_, i) => i));
  });

  test('a code point cut in two by the command is whole in collected text', async () => {
    const { stdout } = await box.run('sh', ['-c', 'printf "\\342\\202"; sleep 0.05; printf "\\254\\n"']);
    expect(stdout).toBe('€\n');
  });

  test('a command that ends half way through a code point loses no byte', async () => {
    const bytes = await collect((await box.exec('printf', ['a\\342\\202'])).stdout);
    expect([...bytes]).toEqual([0x61, 0xe2, 0x82]);
  });

  test('sixteen megabytes arrive exactly', async () => {
    const script = 'head -c 16777216 /dev/urandom > /root/random; sha256sum < /root/random >&2; cat /root/random';
    const execution = await box.exec('sh', ['-c', script]);
    const hash = createHash('sha256');
    let expected = '';
    for await (const { stream, data } of execution.output()) {
      if (stream === 'stdout') hash.update(data);
      else expected += decode(data);
    }
    expect(hash.digest('hex')).toBe(expected.split(' ')[0]);
  });

  test('each piece says the offset of its first byte', async () => {
    const execution = await box.exec('sh', ['-c', 'for i in 1 2 3 4; do echo line$i; sleep 0.01; done; echo end >&2']);
    const next = { stdout: 0, stderr: 0 };
    for await (const { stream, data, offset } of execution.output()) {
      expect(offset).toBe(next[stream]);
      next[stream] += data.length;
    }
    expect(next).toEqual({ stdout: 24, stderr: 4 });
  });

  test('output can be read again from any offset, also after the end', async () => {
    const execution = await box.exec('sh', ['-c', 'seq 1 5000; seq 1 2000 >&2']);
    await execution.wait();
    const all = { stdout: '', stderr: '' };
    for await (const { stream, data } of execution.output()) all[stream] += decode(data);
    for (const from of [
      { stdout: 0, stderr: 0 },
      { stdout: 777, stderr: 0 },
      { stdout: 20000, stderr: 5000 },
    ]) {
      const rest = { stdout: '', stderr: '' };
      for await (const { stream, data } of execution.output({ from })) rest[stream] += decode(data);
      expect(rest.stdout).toBe(all.stdout.slice(from.stdout));
      expect(rest.stderr).toBe(all.stderr.slice(from.stderr));
    }
  });

  test('ten readers of one execution get the same bytes', async () => {
    const execution = await box.exec('sh', [
      '-c',
      'for i in $(seq 1 50); do echo line $i; done; sleep 0.05; seq 1 10000',
    ]);
    const texts = await Promise.all(
      Array.from({ length: 10 }, async () => {
        const mine = await box.execution(execution.id);
        return createHash('sha256')
          .update(await collect(mine.stdout))
          .digest('hex');
      }),
    );
    expect(new Set(texts).size).toBe(1);
  });

  test('leaving a stream does not end the command', async () => {
    const execution = await box.exec('sh', ['-c', 'echo one; read go; echo two']);
    for await (const _ of execution.output()) break;
    expect((await execution.status()).status).toBe('running');
    const stdin = execution.stdin.getWriter();
    await stdin.write(new TextEncoder().encode('go\n'));
    expect(decode(await collect(execution.stdout))).toBe('one\ntwo\n');
    expect((await execution.wait()).exitCode).toBe(0);
  });

  test('a reader that takes nothing holds up neither the command nor other readers', async () => {
    const execution = await box.exec('dd', ['if=/dev/zero', 'bs=1M', 'count=32']);
    const idle = execution.stdout.getReader();
    await idle.read();
    expect((await execution.wait()).exitCode).toBe(0);
    await idle.cancel();
  });

  test('a command without output ends its streams', async () => {
    const execution = await box.exec('true');
    expect((await collect(execution.stdout)).length).toBe(0);
    expect((await collect(execution.stderr)).length).toBe(0);
  });

  test('an abort of a stream rejects with its reason', async () => {
    const execution = await box.exec('sleep', ['1000']);
    const reason = new Error('enough');
    const controller = new AbortController();
    const reading = (async () => {
      for await (const _ of execution.output({ signal: controller.signal }));
    })();
    controller.abort(reason);
    await expect(reading).rejects.toBe(reason);
    await execution.kill();
    await execution.wait();
  });
});
