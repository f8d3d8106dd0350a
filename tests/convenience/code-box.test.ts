import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CodeBox,
  type CodeContext,
  ExecutionError,
  InvalidArgumentError,
  InvalidStateError,
  TimeoutError,
} from 'boxlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pythonImage } from '../../images/python/build.ts';
import { onBoth } from './on-both.ts';

onBoth(pythonImage, (runtime) => {
  let box: CodeBox;
  let context: CodeContext;
  beforeAll(async () => {
    box = await CodeBox.create({ runtime: runtime(), image: pythonImage.name });
    context = await box.context({ env: { GREETING: 'hello' } });
  });
  afterAll(() => box.stop());

  test('runs a program and gives what it printed', async () => {
    expect(await box.run('import sys\nprint(sum(range(10)))\nprint(sys.stdin.read())', { stdin: 'in' })).toBe(
      '45\nin\n',
    );
    // Longer than a command line may be.
    expect(await box.run(`text = """${'x'.repeat(300_000)}"""\nprint(len(text))`)).toBe('300000\n');
  });

  test('a program that fails is an error with what Python said', async () => {
    const failed = box.run('print("before")\n1/0');
    await expect(failed).rejects.toThrow(ExecutionError);
    await expect(failed).rejects.toThrow(/exit code 1: .*ZeroDivisionError: division by zero/s);
    await expect(box.run('while True: pass', { timeoutMs: 300 })).rejects.toThrow('took longer than its timeoutMs');
  });

  test('runs a script of the host with arguments', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'boxlite-script-'));
    try {
      await writeFile(join(folder, 'hi.py'), 'import sys\nprint("hi", *sys.argv[1:])\n');
      expect(await box.runScript(join(folder, 'hi.py'), ['a', 'b c'])).toBe('hi a b c\n');
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test('what was put into the box for a run is gone after it', async () => {
    await box.run('1');
    await box.run('1/0').catch(() => undefined);
    const left = await Array.fromAsync(box.box.files.list('/tmp'), ({ name }) => name);
    expect(left.filter((name) => name.startsWith('boxlite-'))).toEqual([]);
  });

  test('installs a package by pip, and refuses options in place of names', async () => {
    const setup = 'from setuptools import setup\nsetup(name="made-here", version="1.0", py_modules=["made_here"])\n';
    await box.box.files.write('/srv/made/setup.py', setup);
    await box.box.files.write('/srv/made/made_here.py', 'answer = 42\n');
    expect(await box.installPackages('/srv/made', { env: { PIP_NO_BUILD_ISOLATION: '0', PIP_NO_INDEX: '1' } })).toMatch(
      /Successfully installed made-here-1\.0/,
    );
    expect(await box.run('import made_here\nprint(made_here.answer)')).toBe('42\n');
    await expect(box.installPackages(['--index-url=http://evil'])).rejects.toThrow(InvalidArgumentError);
  });

  test('a context keeps variables, imports and functions from one run to the next', async () => {
    expect(context.pythonVersion).toMatch(/^3\.\d+/);
    await context.run('import os\nx = 20\ndef twice(n): return 2 * n');
    const { text, stdout, error, results } = await context.run('print(os.environ["GREETING"])\ntwice(x) + 2');
    expect({ text, stdout, error }).toEqual({ text: '42', stdout: 'hello\n', error: undefined });
    expect(results).toEqual([{ main: true, data: { 'text/plain': '42' } }]);
    expect((await context.run('_ + 1')).text).toBe('43');
    expect((await context.run('x = 1')).text).toBeUndefined();
  });

  test('a context tells rich results in every form they have', async () => {
    const { results } = await context.run(
      [
        'class Rich:',
        '  def _repr_html_(self): return "<b>ü</b>"',
        '  def _repr_png_(self): return bytes([137, 80])',
        '  def _repr_json_(self): return {"a": 1}',
        '  def __repr__(self): return "rich"',
        'display("shown")',
        'Rich()',
      ].join('\n'),
    );
    expect(results).toEqual([
      { main: false, data: { 'text/plain': "'shown'" } },
      {
        main: true,
        data: { 'text/plain': 'rich', 'text/html': '<b>ü</b>', 'image/png': 'iVA=', 'application/json': '{"a": 1}' },
      },
    ]);
  });

  test('what a run raises is told with its lines, and the context goes on', async () => {
    const { error } = await context.run('def f():\n  raise ValueError("no")\nf()');
    expect(error).toMatchObject({ name: 'ValueError', message: 'no' });
    expect(error?.traceback).toMatch(
      /^Traceback \(most recent call last\):\n {2}File "<run \d+>", line 3.*raise ValueError/s,
    );
    expect(error?.traceback).not.toMatch(/compute|<string>/);
    expect((await context.run('if')).error?.name).toBe('SyntaxError');
    expect((await context.run('exit(3)')).error?.name).toBe('SystemExit');
    expect((await context.run('await __import__("asyncio").sleep(0, "awaited")')).text).toBe("'awaited'");
  });

  test('output comes while a run goes on, also that of other programs, and all of it before the end', async () => {
    const pieces: string[] = [];
    const { stdout, stderr } = await context.run(
      'import subprocess, sys\nprint("é" * 70000)\nsubprocess.run(["sh", "-c", "echo out; echo err >&2"])\nprint("last", file=sys.stderr)',
      { onStdout: (piece) => pieces.push(piece) },
    );
    expect(stdout).toBe(`${'é'.repeat(70_000)}\nout\n`);
    expect(pieces.join('')).toBe(stdout);
    expect(stderr).toBe('err\nlast\n');
    expect((await context.run('1')).stdout).toBe('');
  });

  test('a run that takes too long is interrupted, and the context goes on', async () => {
    await context.run('kept = 7');
    await expect(context.run('while True: pass', { timeoutMs: 300 })).rejects.toThrow(TimeoutError);
    const reason = new Error('enough');
    const abort = new AbortController();
    const aborted = context.run('import time\nprint("sleeping", flush=True)\ntime.sleep(60)', {
      signal: abort.signal,
      onStdout: () => abort.abort(reason),
    });
    await expect(aborted).rejects.toBe(reason);
    expect((await context.run('kept')).text).toBe('7');
  });

  test('a run that takes no interrupt ends its context, and that is told', async () => {
    await using stubborn = await box.context();
    const code = 'while True:\n  try:\n    print("on", flush=True)\n    while True: pass\n  except BaseException: pass';
    const abort = new AbortController();
    const reason = new Error('enough');
    const run = stubborn.run(code, { signal: abort.signal, onStdout: () => abort.abort(reason) });
    await expect(run).rejects.toBe(reason);
    await expect(stubborn.run('1')).rejects.toThrow(InvalidStateError);
  });

  test('runs of one context wait for each other; contexts know nothing of each other', async () => {
    await using other = await box.context();
    await other.run('n = 0');
    await context.run('n = 100');
    const runs = Array.from({ length: 20 }, () => other.run('n += 1\nn'));
    expect((await Promise.all(runs)).map(({ text }) => text)).toEqual(Array.from({ length: 20 }, (_, i) => `${i + 1}`));
    expect((await context.run('n')).text).toBe('100');
  });

  test('what a program writes into the way of the driver ends the context with an error, and nothing else', async () => {
    await using hostile = await box.context();
    // Whichever descriptor is the driver's.
    const code = 'import os\nfor fd in range(3, 16):\n  try: os.write(fd, b"nonsense\\n")\n  except OSError: pass';
    await expect(hostile.run(code)).rejects.toThrow('not of its driver');
    await using ended = await box.context();
    await expect(ended.run('import os\nos._exit(9)')).rejects.toThrow('its Python has ended');
    await expect(ended.run('1')).rejects.toThrow('the context has ended');
    expect((await context.run('"alive"')).text).toBe("'alive'");
  });

  test('a box without Python says so', async () => {
    await using bare = await CodeBox.create({ runtime: runtime(), image: 'boxlite/base:latest' });
    await expect(bare.context()).rejects.toThrow(/python3/);
    await expect(bare.run('1')).rejects.toThrow(/python3/);
  });
});
