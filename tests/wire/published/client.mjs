// Run by upstream-client.test.ts in a process of its own: what the published npm client does, a line of JSON a step.
// JavaScript, as its users may write it: `node client.mjs URL KEY FOLDER PACKAGE SCENARIO`.
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [url, key, folder, entry, scenario] = process.argv.slice(2);
const { ApiKeyCredential, BoxliteRestOptions, JsBoxlite, SimpleBox } = await import(entry);
const runtime = JsBoxlite.rest(new BoxliteRestOptions({ url, credential: new ApiKeyCredential(key) }));
const image = 'boxlite/base:latest';

async function step(name, work) {
  let line;
  try {
    line = { step: name, result: (await work()) ?? null };
  } catch (error) {
    line = { step: name, error: `${error.message}` };
  }
  process.stdout.write(`${JSON.stringify(line)}\n`);
  return line.result;
}

async function text(stream) {
  let all = '';
  for (let piece = await stream.next(); piece !== null; piece = await stream.next()) all += piece;
  return all;
}

async function collected(execution) {
  const [stdout, stderr] = await Promise.all([execution.stdout().then(text), execution.stderr().then(text)]);
  return { stdout, stderr, ...(await execution.wait()) };
}

async function everything() {
  const box = await runtime.create({ image }, 'npm');
  const run = (command, args = [], ...more) => box.exec(command, args, ...more);
  await step('created', () => ({ id: box.id, name: box.name }));
  await step('taken', () => runtime.create({ image }, 'npm'));
  await step('getOrCreate', async () => {
    const { box: same, created } = await runtime.getOrCreate({ image }, 'npm');
    return { same: same.id === box.id, created };
  });
  await step('list', async () => (await runtime.listInfo()).map(({ name, state }) => `${name} ${state.status}`));
  await step('get', async () => [(await runtime.getInfo(box.id)).name, await runtime.get('nobody')]);
  await step('exec', async () =>
    collected(
      await run(
        'sh',
        ['-c', 'echo $WORD; pwd; echo oops >&2; exit 42'],
        [['WORD', 'hello']],
        false,
        null,
        null,
        '/tmp',
      ),
    ),
  );
  await step('euro', async () => collected(await run('sh', ['-c', 'printf "\\342"; sleep 0.1; printf "\\202\\254"'])));
  await step('stdin', async () => {
    const execution = await run('sha256sum');
    const stdin = await execution.stdin();
    await stdin.write(Buffer.alloc(3 * 1024 * 1024, 'x'));
    await stdin.writeString('the end');
    await stdin.close();
    return collected(execution);
  });
  await step('kill', async () => {
    const execution = await run('sleep', ['100']);
    await execution.kill();
    return execution.wait();
  });
  await step('signal', async () => {
    const execution = await run('sh', [
      '-c',
      'trap "echo caught; exit 5" TERM; echo ready; while :; do sleep 0.05; done',
    ]);
    const stdout = await execution.stdout();
    const ready = await stdout.next();
    await execution.signal(15);
    return { ready, rest: await text(stdout), ...(await execution.wait()) };
  });
  await step('timeout', async () => (await run('sleep', ['100'], [], false, null, 0.3)).wait());
  await step('missing', () => run('no-such-program'));
  await step('tty', async () => {
    const execution = await run('sh', ['-c', 'read line; stty size'], [], true);
    await execution.resizeTty(43, 132);
    const stdin = await execution.stdin();
    await stdin.writeString('go\n');
    return collected(execution);
  });
  await step('copy', async () => {
    writeFileSync(join(folder, 'a.txt'), 'alpha');
    mkdirSync(join(folder, 'tree/sub'), { recursive: true });
    writeFileSync(join(folder, 'tree/sub/b'), 'beta');
    await box.copyIn(join(folder, 'a.txt'), '/root/new.txt');
    await box.copyIn(join(folder, 'tree'), '/opt/app');
    const { stdout } = await collected(await run('cat', ['/root/new.txt', '/opt/app/sub/b']));
    await box.copyOut('/root/new.txt', join(folder, 'out.txt'));
    await box.copyOut('/opt/app', join(folder, 'out'));
    const out = join(folder, 'out.txt');
    return {
      stdout,
      file: statSync(out).isFile() && readFileSync(out, 'utf8'),
      tree: readdirSync(join(folder, 'out'), { recursive: true }).sort(),
    };
  });
  await step('metrics', async () => {
    const { commandsExecutedTotal, totalCreateDurationMs } = await box.metrics();
    return { commandsExecutedTotal, whole: Number.isInteger(totalCreateDurationMs), ...(await runtime.metrics()) };
  });
  await step('tunnel', async () => {
    const server = await run('sh', ['-c', 'echo ready; printf hi | nc -l -p 7000']);
    await (await server.stdout()).next();
    for (let left = 100; ; left--) {
      try {
        const connection = await (await box.network.tunnel(7000)).connect();
        const data = await connection.read(100);
        await connection.close();
        return data.toString();
      } catch (error) {
        // nc says nothing once it listens.
        if (left === 0) throw error;
      }
    }
  });
  await step('stop', async () => {
    await box.stop();
    return (await box.info()).state.status;
  });
  await step('snapshots', async () => {
    const { name, createdAt } = await box.snapshot.create('before');
    await collected(await run('rm', ['/root/new.txt']));
    await box.stop();
    await box.snapshot.restore('before');
    const { stdout } = await collected(await run('cat', ['/root/new.txt']));
    const listed = (await box.snapshot.list()).map((one) => one.name);
    await box.snapshot.remove('before');
    return { name, seconds: Number.isInteger(createdAt), stdout, listed, none: await box.snapshot.get('before') };
  });
  await step('clone', async () => {
    const clone = await box.cloneBox({}, 'npm-clone');
    return (await collected(await clone.exec('cat', ['/root/new.txt']))).stdout;
  });
  await step('archive', async () => {
    const file = await box.export(folder);
    const copy = await runtime.importBox(file, 'npm-import');
    return {
      file: file.slice(folder.length),
      stdout: (await collected(await copy.exec('cat', ['/root/new.txt']))).stdout,
    };
  });
  await step('volumes', async () => {
    const { id, name } = await runtime.volumes.create('data');
    const options = { image, volumes: [{ managedVolume: id, guestPath: '/data' }] };
    await collected(await (await runtime.create(options, 'npm-volume')).exec('sh', ['-c', 'echo kept > /data/file']));
    await runtime.remove('npm-volume', true);
    const again = await runtime.create(options, 'npm-volume');
    const { stdout } = await collected(await again.exec('cat', ['/data/file']));
    const listed = (await runtime.volumes.list()).map((one) => one.name);
    await runtime.remove('npm-volume', true);
    await runtime.volumes.remove(id);
    return { name, stdout, listed };
  });
  await step('lifecycle', async () => {
    const network = { outbound: { mode: 'enabled', allowNet: ['example.com'] }, inbound: { mode: 'disabled' } };
    const advanced = { capabilities: { drop: ['NET_RAW'] } };
    await runtime.create({ image, autoStop: 600, autoDelete: 3600, network, advanced }, 'npm-options');
    const { autoStop, autoDelete, autoResume } = await runtime.getInfo('npm-options');
    return { autoStop, autoDelete, autoResume };
  });
  await step('SimpleBox', async () => {
    const simple = new SimpleBox({ image, runtime, name: 'npm-simple' });
    const result = await simple.exec('echo', 'simple');
    await simple.stop();
    return result;
  });
  await step('removed', async () => {
    for (const { id } of await runtime.listInfo()) await runtime.remove(id, true);
    return runtime.listInfo();
  });
  await step('gone', () => box.start());
}

/** Prints each piece of an execution's output as it comes; the link to the server is cut meanwhile. */
async function reconnect() {
  const box = await runtime.create({ image }, 'npm-reconnect');
  const execution = await box.exec('sh', ['-c', 'echo A; while [ ! -e /tmp/go ]; do sleep 0.05; done; echo B; exit 6']);
  const stdout = await execution.stdout();
  for (let piece = await stdout.next(); piece !== null; piece = await stdout.next()) {
    await step('piece', () => piece);
  }
  await step('end', () => execution.wait());
}

await (scenario === 'reconnect' ? reconnect() : everything());
// The client keeps threads.
process.exit(0);
