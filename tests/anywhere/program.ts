// What every runtime does with the packed SDK. It imports nothing: the SDK comes as an argument, so that one text runs as it is
// in Node, Deno, Bun, pages and workers. It only tells what happened; the test says what should have.
import type * as Sdk from 'boxlite';

/** Where the server is, and what to call the box. */
export interface ProgramSettings {
  readonly url: string;
  readonly key: string;
  readonly name: string;
}

/** What happened, by step. */
export type ProgramReport = Readonly<Record<string, unknown>>;

const bigBytes = 3 * 1024 * 1024 + 17;

/** Does everything that a client does with a box, once. */
export async function program(sdk: typeof Sdk, { url, key, name }: ProgramSettings): Promise<ProgramReport> {
  const options = { url, credential: new sdk.ApiKeyCredential(key), retries: { attempts: 1 } };
  const runtime = sdk.Boxlite.rest(options);
  const box = await runtime.create({ image: 'boxlite/base:latest', memoryMib: 128, autoRemove: false }, name);
  try {
    return {
      commands: await commands(box),
      interactive: await interactive(sdk, box),
      offsets: await offsets(box),
      stdin: await stdin(box),
      files: await files(box),
      archives: await archives(box),
      limited: await limited(sdk, { ...options, uploadBufferBytes: 1000 }, name),
      tunnel: await tunnel(box),
      events: await firstEvents(runtime, box),
      abort: await abort(box),
      simple: await simple(sdk, runtime, `${name}-simple`),
      errors: await errors(sdk, runtime, options, name),
    };
  } finally {
    await runtime.remove(name, { force: true });
    await runtime.shutdown();
  }
}

async function commands(box: Sdk.Box): Promise<unknown> {
  const { stdout, stderr, exitCode } = await box.run('sh', ['-c', 'echo "out €"; echo err >&2; exit 42']);
  return { stdout, stderr, exitCode };
}

/** A line comes out while stdin is still open: nothing between here and the box holds it back. */
async function interactive(sdk: typeof Sdk, box: Sdk.Box): Promise<unknown> {
  const execution = await box.exec('sh', ['-c', 'while read -r line; do echo "got $line"; done']);
  const input = execution.stdin.getWriter();
  const came: (string | undefined)[] = [];
  const out = sdk.lines(execution.stdout);
  for (const line of ['one', 'two', 'ünïcödé']) {
    await input.write(new TextEncoder().encode(`${line}\n`));
    came.push((await out.next()).value ?? undefined);
  }
  await input.close();
  return { came, ended: (await out.next()).done, exitCode: (await execution.wait()).exitCode };
}

async function offsets(box: Sdk.Box): Promise<unknown> {
  const execution = await box.exec('sh', ['-c', 'printf abc; printf XY >&2; printf def; printf Z >&2']);
  await execution.wait();
  const read = async (from?: Sdk.OutputCursor): Promise<unknown> => {
    const streams = { stdout: '', stderr: '' };
    const first: { stdout?: number; stderr?: number } = {};
    for await (const { stream, data, offset } of execution.output(from ? { from } : {})) {
      first[stream] ??= offset;
      streams[stream] += new TextDecoder().decode(data);
    }
    return { ...streams, first };
  };
  // The same execution, found again by its id.
  const again = await box.execution(execution.id);
  let stderr = '';
  for await (const bytes of again.stderr) stderr += new TextDecoder().decode(bytes);
  return { all: await read(), rest: await read({ stdout: 4, stderr: 1 }), stderr };
}

async function stdin(box: Sdk.Box): Promise<unknown> {
  const bytes = await box.run('wc', ['-c'], { stdin: new Uint8Array(70_000) });
  const stream = await box.run('cat', [], { stdin: new Blob(['from ', 'a stream']).stream() });
  return { bytes: bytes.stdout.trim(), stream: stream.stdout };
}

async function files(box: Sdk.Box): Promise<unknown> {
  const sent = noise(bigBytes);
  await box.files.write('/opt/made/big.bin', sent);
  const came = await box.files.read('/opt/made/big.bin');
  await box.files.write('/opt/made/text', 'text\n');
  const { stdout } = await box.run('cat', ['/opt/made/text']);
  return { bytes: came.length, same: came.every((byte, index) => byte === sent[index]), stdout };
}

/** A tar out as a stream and in again, and out into a writable one. */
async function archives(box: Sdk.Box): Promise<unknown> {
  const tar = await box.download({ path: '/opt/made' });
  await box.upload(tar, { path: '/opt/copy' });
  const copied = await box.run('cmp', ['/opt/made/big.bin', '/opt/copy/made/big.bin']);
  let bytes = 0;
  const sink = new WritableStream<Uint8Array>({
    write(chunk) {
      bytes += chunk.length;
    },
  });
  await box.copyOut('/opt/made/big.bin', sink);
  return { exitCode: copied.exitCode, whole: bytes >= bigBytes };
}

/** The limit of what a browser holds; elsewhere nothing is held. */
async function limited(sdk: typeof Sdk, options: Sdk.BoxliteRestOptions, name: string): Promise<unknown> {
  const box = await sdk.Boxlite.rest(options).get(name);
  let cancelled = false;
  // An archive of nothing, of 2048 bytes.
  let left = 4;
  const source = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (left-- > 0) controller.enqueue(new Uint8Array(512));
      else controller.close();
    },
    cancel() {
      cancelled = true;
    },
  });
  try {
    await box?.upload(source, { path: '/opt/never' });
  } catch (error) {
    return { ...told(sdk, error), cancelled };
  }
  return 'sent';
}

async function tunnel(box: Sdk.Box): Promise<unknown> {
  const server = await box.exec('nc', ['-l', '-p', '7000', '-e', 'cat']);
  for (let attempt = 1; ; attempt++) {
    try {
      const connection = await box.network.tunnel(7000).connect();
      const writer = connection.writable.getWriter();
      await writer.write(new TextEncoder().encode('over a socket'));
      await writer.close();
      const came = await new Response(connection.readable).text();
      await server.kill();
      return came;
    } catch (error) {
      // It may not listen yet.
      if (attempt === 400) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

async function firstEvents(runtime: Sdk.Boxlite, box: Sdk.Box): Promise<unknown> {
  const types: string[] = [];
  for await (const event of runtime.events({ box: box.id })) {
    types.push(event.type);
    if (event.type === 'open') void box.stop();
    if (types.length === 2) break;
  }
  return types;
}

async function abort(box: Sdk.Box): Promise<unknown> {
  const controller = new AbortController();
  const execution = await box.exec('sh', ['-c', 'echo ready; sleep 1000']);
  let reason: unknown;
  try {
    for await (const _ of execution.output({ signal: controller.signal })) controller.abort(new Error('enough'));
  } catch (error) {
    reason = error;
  }
  const before = (await execution.status()).status;
  await execution.kill();
  const timeout = await box
    .run('sleep', ['1000'], { signal: AbortSignal.timeout(200) })
    .catch((error: unknown) => error);
  return {
    reason: reason instanceof Error && reason.message,
    before,
    signal: (await execution.wait()).signal,
    timeout: timeout instanceof DOMException && timeout.name,
  };
}

async function simple(sdk: typeof Sdk, runtime: Sdk.Boxlite, name: string): Promise<unknown> {
  const one = await sdk.SimpleBox.create({ runtime, name, image: 'boxlite/base:latest', memoryMib: 128 });
  const { stdout } = await one.exec('echo', ['simple']);
  await one.stop();
  await one.stop();
  return { stdout, exists: await runtime.exists(name) };
}

async function errors(
  sdk: typeof Sdk,
  runtime: Sdk.Boxlite,
  options: Sdk.BoxliteRestOptions,
  name: string,
): Promise<unknown> {
  const failure = async (call: () => Promise<unknown>): Promise<unknown> => {
    try {
      await call();
    } catch (error) {
      return told(sdk, error);
    }
    return 'no error';
  };
  const wrong = sdk.Boxlite.rest({ ...options, credential: new sdk.ApiKeyCredential('blk_wrong') });
  const nowhere = sdk.Boxlite.rest({ ...options, url: 'http://127.0.0.1:9' });
  return {
    missing: await failure(() => runtime.remove('nobody')),
    taken: await failure(() => runtime.create({}, name)),
    wrong: await failure(() => wrong.listInfo()),
    nowhere: await failure(() => nowhere.listInfo()),
    none: await runtime.get('nobody'),
    local: await failure(() => sdk.Boxlite.local()),
    hostPath: await failure(async () => (await runtime.get(name))?.copyIn('/etc/hostname', '/tmp/')),
  };
}

function told(sdk: typeof Sdk, error: unknown): Readonly<Record<string, unknown>> {
  if (!(error instanceof sdk.BoxliteError)) return { name: String(error) };
  const { name, code, requestId } = error;
  return { name, code, hasRequestId: requestId !== undefined };
}

/** Bytes without a pattern that a mistake could repeat. */
function noise(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let from = 0; from < length; from += 65_536) crypto.getRandomValues(bytes.subarray(from, from + 65_536));
  return bytes;
}
