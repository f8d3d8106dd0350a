import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Boxlite } from './boxlite.ts';
import { ExecutionLostError, InvalidArgumentError } from './errors.ts';
import { packTar } from './tar/pack.ts';
import { unpackTar } from './tar/unpack.ts';
import { memoryBackend, type Program } from './testing/memory-backend.ts';
import { lines, text } from './text.ts';

const encoder = new TextEncoder();

async function boxWith(program: Program) {
  const backend = memoryBackend(() => program);
  return { backend, box: await Boxlite.over(backend).create() };
}

/** Bytes cut anywhere, as chunks of one stream. */
function cut(stream: 'stdout' | 'stderr', bytes: Uint8Array, size: number): Program['chunks'] {
  const chunks = [];
  for (let offset = 0; offset < bytes.length; offset += size) {
    chunks.push({ stream, data: bytes.slice(offset, offset + size), offset });
  }
  return chunks;
}

it('collects text on whole characters wherever the bytes are cut', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.string({ unit: 'grapheme' }),
      fc.string({ unit: 'grapheme' }),
      fc.integer({ min: 1, max: 5 }),
      async (out, err, size) => {
        fc.pre(out.isWellFormed() && err.isWellFormed() && !`${out}${err}`.includes('\ufeff'));
        const chunks = [...cut('stdout', encoder.encode(out), size), ...cut('stderr', encoder.encode(err), size)];
        const { box } = await boxWith({ chunks, end: { exitCode: 3 } });
        expect(await box.run('x')).toMatchObject({ stdout: out, stderr: err, exitCode: 3, timedOut: false });
      },
    ),
  );
});

it('closes stdin at once when it runs without input', async () => {
  const { box, backend } = await boxWith({ chunks: [], end: {}, waitsForStdin: true });
  await box.run('cat');
  expect(backend.calls).toContain('closeStdin');
});

it('leaves stdin open when it executes without input, until it is closed', async () => {
  const { box, backend } = await boxWith({ chunks: [], end: {}, waitsForStdin: true });
  const execution = await box.exec('cat');
  expect(backend.calls).not.toContain('closeStdin');
  const writer = execution.stdin.getWriter();
  await writer.write(encoder.encode('hello'));
  await writer.close();
  expect(await execution.wait()).toMatchObject({ exitCode: 0 });
  expect(backend.written).toEqual([encoder.encode('hello')]);
});

it.each([
  ['text', 'hello'],
  ['bytes', encoder.encode('hello')],
  ['a stream', new Blob(['hello']).stream()],
])('feeds %s to stdin and closes it', async (_, stdin) => {
  const { box, backend } = await boxWith({ chunks: [], end: {}, waitsForStdin: true });
  await box.run('cat', [], { stdin });
  expect(Buffer.concat(backend.written).toString()).toBe('hello');
  expect(backend.calls).toContain('closeStdin');
});

it('takes no offence at a command that ends before it read its input', async () => {
  const { box } = await boxWith({ chunks: [], end: { errorMessage: 'stdin closed' } });
  expect(await box.run('true', [], { stdin: 'ignored' })).toMatchObject({ exitCode: 0 });
});

it('kills a run whose input fails, and says why', async () => {
  const { box, backend } = await boxWith({ chunks: [], end: {}, waitsForStdin: true });
  const stdin = new ReadableStream<Uint8Array>({ pull: () => Promise.reject(new Error('disk gone')) });
  await expect(box.run('cat', [], { stdin })).rejects.toThrow('disk gone');
  expect(backend.signals).toContain(9);
});

it('kills the command when the signal aborts', async () => {
  const { box, backend } = await boxWith({
    chunks: [],
    end: { status: 'killed', exitCode: 137, signal: 'SIGKILL' },
    waitsForStdin: true,
  });
  const abort = new AbortController();
  const execution = await box.exec('sleep', ['9'], { signal: abort.signal });
  abort.abort();
  expect(await execution.wait()).toMatchObject({ exitCode: 137, signal: 'SIGKILL' });
  expect(backend.signals).toEqual([9]);
});

it('never gives an exit code that nobody knows', async () => {
  const { box } = await boxWith({ chunks: [], end: { exitCode: undefined } });
  await expect((await box.exec('x')).wait()).rejects.toBeInstanceOf(ExecutionLostError);
  await expect(box.run('x')).rejects.toBeInstanceOf(ExecutionLostError);
});

it('asks for no output before a stream is read, and reads either alone', async () => {
  const chunks = [
    ...cut('stderr', encoder.encode('noise'), 1),
    ...cut('stdout', encoder.encode('one\r\ntwo\nrest'), 4),
  ];
  const { box, backend } = await boxWith({ chunks, end: {} });
  const execution = await box.exec('x');
  const { stdout, stderr } = execution;
  expect(backend.calls).not.toContain('output');
  expect(await Array.fromAsync(lines(stdout))).toEqual(['one', 'two', 'rest']);
  expect(await text(stderr)).toBe('noise');
});

it('reads both streams at the same time', async () => {
  const chunks = [...cut('stdout', encoder.encode('out'), 1), ...cut('stderr', encoder.encode('err'), 1)];
  const execution = await (await boxWith({ chunks, end: {} })).box.exec('x');
  expect(await Promise.all([text(execution.stdout), text(execution.stderr)])).toEqual(['out', 'err']);
});

it.each([
  ['command', () => ['', []] as const],
  ['args[1]', () => ['x', ['a', 'b\0']] as const],
])('refuses a bad %s', async (field, make) => {
  const { box, backend } = await boxWith({ chunks: [], end: {} });
  const [command, args] = make();
  await expect(box.exec(command, args)).rejects.toThrow(InvalidArgumentError);
  await expect(box.exec(command, args)).rejects.toThrow(field);
  expect(backend.calls).toEqual([]);
});

it.each([
  ['timeoutMs', { timeoutMs: 1 }],
  ['size.cols', { size: { cols: 0, rows: 1 } }],
  ['user', { user: '' }],
  ['workingDir', { workingDir: '' }],
])('refuses a bad %s of a command', async (field, options) => {
  await expect((await boxWith({ chunks: [], end: {} })).box.run('x', [], options)).rejects.toThrow(field);
});

it('takes signals by name and by number', async () => {
  const { box, backend } = await boxWith({ chunks: [], end: {}, waitsForStdin: true });
  const execution = await box.exec('x');
  await execution.signal('SIGTERM');
  await execution.signal(10);
  await execution.kill();
  expect(backend.signals).toEqual([15, 10, 9]);
  await expect(execution.signal(65)).rejects.toThrow(/signal must be/);
});

it('writes a file into its directory by name, and reads one back', async () => {
  const { box, backend } = await boxWith({ chunks: [], end: {} });
  await box.files.write('/etc/motd', 'hällo', { mode: 0o600 });
  const uploaded = backend.uploads.get('/etc/');
  const entries = [];
  for await (const { header } of unpackTar(new Blob([new Uint8Array(uploaded ?? [])]).stream())) entries.push(header);
  expect(entries).toMatchObject([{ name: 'motd', type: 'file', mode: 0o600, size: 6 }]);
  backend.archives.set('/etc/motd', new Uint8Array(uploaded ?? []));
  expect(new TextDecoder().decode(await box.files.read('/etc/motd'))).toBe('hällo');
});

it('does not read a directory as a file', async () => {
  const { box, backend } = await boxWith({ chunks: [], end: {} });
  const header = { name: 'etc/', type: 'directory', size: 0, mode: 0o755, mtimeMs: 0 } as const;
  backend.archives.set('/etc', await new Response(packTar([{ header }])).bytes());
  await expect(box.files.read('/etc')).rejects.toThrow('/etc is a directory');
  await expect(box.files.write('/etc/', 'x')).rejects.toThrow('path must be');
  await expect(box.files.read('/a/../b')).rejects.toThrow('path must be');
});

it('stops when its block is left, and takes a removed box as stopped', async () => {
  const { backend, box: made } = await boxWith({ chunks: [], end: {} });
  {
    await using box = made;
    backend.boxes.delete(box.id);
  }
  expect(backend.calls.at(-1)).toBe('stop box-0');
});
