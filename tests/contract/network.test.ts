import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { text } from 'node:stream/consumers';
import {
  type Box,
  type Boxlite,
  type ByteConnection,
  InvalidArgumentError,
  InvalidStateError,
  NetworkError,
} from 'boxlite';
import { expect, onTestFinished, test } from 'vitest';
import { eventually, onBothBackends, startedBox } from './harness.ts';

/** A box with an echo service on a port, which is there when this resolves; gone after the test. */
async function echoBox(runtime: Boxlite, options: Parameters<typeof startedBox>[1] = {}): Promise<Box> {
  const box = await startedBox(runtime, options);
  onTestFinished(() => runtime.remove(box.id, { force: true }));
  await box.exec('nc', ['-ll', '-p', '7', '-e', 'cat']);
  await box.run('sh', ['-c', 'until netstat -ltn | grep -q :7; do sleep 0.02; done']);
  return box;
}

async function write(connection: ByteConnection, bytes: Uint8Array): Promise<void> {
  const writer = connection.writable.getWriter();
  for (let at = 0; at < bytes.length; at += 1_000_000) await writer.write(bytes.subarray(at, at + 1_000_000));
  await writer.close();
}

onBothBackends((runtime) => {
  test('a tunnel carries 16 MiB to a service of the box and back, and the end after them', async () => {
    const box = await echoBox(runtime());
    const connection = await box.network.tunnel(7).connect();
    const bytes = randomBytes(16 * 1024 * 1024);
    const [received] = await Promise.all([Array.fromAsync(connection.readable), write(connection, bytes)]);
    expect(Buffer.concat(received).equals(bytes)).toBe(true);
    const metrics = await box.metrics();
    expect(metrics.networkBytesReceived).toBeGreaterThanOrEqual(bytes.length);
    expect(metrics.networkBytesSent).toBeGreaterThanOrEqual(bytes.length);
  });

  test('a reader of a silent tunnel is cancelled at once, and what comes later is dropped while the other way goes on', async () => {
    const box = await echoBox(runtime());
    await box.exec('nc', [
      '-ll',
      '-p',
      '9',
      '-e',
      'sh',
      '-c',
      'head -c 5000000 | tee /dev/stderr | wc -c > /tmp/count',
    ]);
    await box.run('sh', ['-c', 'until netstat -ltn | grep -q :9; do sleep 0.02; done']);
    const silent = await box.network.tunnel(7).connect();
    const reader = silent.readable.getReader();
    const read = reader.read();
    await reader.cancel();
    expect((await read).done).toBe(true);
    // An echo that nobody takes would hold the sender back for ever.
    await write(silent, new Uint8Array(20_000_000));
    const counted = await box.network.tunnel(9).connect();
    await counted.readable.cancel();
    await write(counted, new Uint8Array(5_000_000));
    await eventually('all of it', async () => (await box.run('cat', ['/tmp/count'])).stdout === '5000000\n');
    await silent.close();
    await counted.close();
  });

  test('a tunnel to a port that nothing listens on is a NetworkError', async () => {
    const box = await echoBox(runtime());
    await expect(box.network.tunnel(8).connect()).rejects.toThrow(NetworkError);
  });

  test('a connection that the box breaks is never an end, in a tunnel or at a forwarded port', async () => {
    const box = await echoBox(runtime());
    // What it did not read makes its kernel reset the connection when it ends.
    await box.exec('nc', ['-ll', '-p', '9', '-e', 'head', '-c', '1']);
    await box.run('sh', ['-c', 'until netstat -ltn | grep -q :9; do sleep 0.02; done']);
    const tunnel = box.network.tunnel(9);
    const connection = await tunnel.connect();
    const read = Array.fromAsync(connection.readable);
    const written = connection.writable.getWriter().write(randomBytes(500_000));
    written.catch(() => {});
    await expect(read).rejects.toThrow(NetworkError);
    await using forward = await tunnel.forward();
    const socket = connect({ port: forward.port, host: forward.host });
    socket.write(randomBytes(500_000));
    await expect(text(socket)).rejects.toThrow(/ECONNRESET|EPIPE/);
  });

  test.each(['127.0.0.1', '[::1]'])('a service that listens on %s of the box only is reached too', async (address) => {
    const box = await startedBox(runtime(), { ports: [{ guestPort: 9 }] });
    onTestFinished(() => runtime().remove(box.id, { force: true }));
    const bytes = randomBytes(1_000_000);
    await box.files.write('/srv/file', bytes);
    await box.exec('httpd', ['-f', '-p', `${address}:9`, '-h', '/srv']);
    await box.run('sh', ['-c', 'until netstat -ltn | grep -q :9; do sleep 0.02; done']);
    const [port] = (await box.info()).network?.ports ?? [];
    await using forward = await box.network.tunnel(9).forward();
    for (const at of [port?.hostPort, forward.port]) {
      const answer = await fetch(`http://127.0.0.1:${at}/file`, { headers: { connection: 'close' } });
      expect(Buffer.from(await answer.arrayBuffer()).equals(bytes)).toBe(true);
    }
  });

  test('a forwarded port of this host leads into the box', async () => {
    const box = await echoBox(runtime());
    await using forward = await box.network.tunnel(7).forward();
    const socket = connect({ port: forward.port, host: forward.host, allowHalfOpen: true });
    socket.end('hello');
    expect(await text(socket)).toBe('hello');
  });

  test('a box is in use while a tunnel or a published port of it is, and stops by itself after', async () => {
    const box = await startedBox(runtime(), { autoStopMs: 500, ports: [{ guestPort: 7 }] });
    onTestFinished(() => runtime().remove(box.id, { force: true }));
    // A command keeps it in use until the first connection does.
    const script = 'nc -ll -p 7 -e cat >/dev/null 2>&1 & until netstat -ltn | grep -q :7; do :; done; echo up; read x';
    const command = await box.exec('sh', ['-c', script]);
    for await (const _ of command.stdout) break;
    const [port] = (await box.info()).network?.ports ?? [];
    const socket = connect({ port: port?.hostPort ?? 0, host: '127.0.0.1' });
    const echoed = async (): Promise<void> => {
      socket.write('.');
      await once(socket, 'data');
    };
    await echoed();
    await command.stdin.close();
    await command.wait();
    for (const end = Date.now() + 1500; Date.now() < end; ) await echoed();
    const tunnel = await box.network.tunnel(7).connect();
    socket.destroy();
    const reader = tunnel.readable.getReader();
    const writer = tunnel.writable.getWriter();
    for (const end = Date.now() + 1500; Date.now() < end; ) {
      await writer.write(new Uint8Array([1]));
      expect((await reader.read()).done).toBe(false);
    }
    expect((await box.info()).status).toBe('running');
    await tunnel.close();
    await eventually('the box stops', async () => (await box.info()).status === 'stopped');
  });

  test('a published port is told and leads into the box, until it stops', async () => {
    const box = await echoBox(runtime(), { ports: [{ guestPort: 7 }] });
    const { network } = await box.info();
    expect(network).toMatchObject({ mode: 'isolated', allow: undefined, inbound: true });
    const [port] = network?.ports ?? [];
    expect(port).toMatchObject({ guestPort: 7, protocol: 'tcp', hostIp: '127.0.0.1' });
    const socket = connect({ port: port?.hostPort ?? 0, host: '127.0.0.1', allowHalfOpen: true });
    socket.end('published');
    expect(await text(socket)).toBe('published');
    await box.stop();
    expect((await box.info()).network?.ports).toEqual([]);
    const late = connect({ port: port?.hostPort ?? 0, host: '127.0.0.1' });
    await expect(once(late, 'connect')).rejects.toThrow('ECONNREFUSED');
  });

  test('a box of security maximum has the network of the others, and its root listens on low ports', async () => {
    const options = { security: 'maximum', ports: [{ guestPort: 80 }], network: { allow: ['example.com'] } } as const;
    const box = await startedBox(runtime(), options);
    onTestFinished(() => runtime().remove(box.id, { force: true }));
    await box.files.write('/srv/file', 'served');
    await box.exec('httpd', ['-f', '-p', '80', '-h', '/srv']);
    await box.run('sh', ['-c', 'until netstat -ltn | grep -q :80; do sleep 0.02; done; nc -w 3 192.0.2.7 80']);
    const [port] = (await box.info()).network?.ports ?? [];
    expect(await (await fetch(`http://127.0.0.1:${port?.hostPort}/file`)).text()).toBe('served');
    expect(await box.network.events()).toMatchObject([{ address: '192.0.2.7', port: 80 }]);
  });

  test('neither the loopback nor an address of the host can be reached, nor metadata, and each refusal has its remedy', async () => {
    let connections = 0;
    const server = createServer((socket) => {
      connections++;
      socket.end('the host');
    }).listen(0, '0.0.0.0');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const own = Object.values(networkInterfaces())
      .flat()
      .find((address) => address?.family === 'IPv4' && !address.internal)?.address;
    const box = await echoBox(runtime());
    for (const address of ['127.0.0.1', '169.254.169.254', '10.9.9.9', ...(own === undefined ? [] : [own])]) {
      expect((await box.run('nc', ['-w', '3', address, `${port}`])).stdout).toBe('');
    }
    expect(connections).toBe(0);
    const events = await box.network.events();
    const metadata = events.find(({ address }) => address === '169.254.169.254');
    expect(metadata).toMatchObject({ kind: 'refused', protocol: 'tcp', port });
    expect(metadata?.reason).toBe('the metadata address of clouds, which only a rule for it opens');
    // The first rule of a list ends the default, which the remedy therefore keeps.
    const rules = `"0.0.0.0/0" and "169.254.169.254:${port}"`;
    expect(metadata?.remedy).toBe(`set ${rules} as network.allow (allow_net over REST)`);
    expect(await box.network.events({ after: events.at(-1)?.sequence ?? 0 })).toEqual([]);
    expect((await box.metrics()).networkTcpErrors).toBeGreaterThanOrEqual(2);
  });

  test('an allow list refuses all else and says what to allow', async () => {
    const box = await echoBox(runtime(), { network: { allow: ['example.com:443'] } });
    expect((await box.info()).network).toMatchObject({ mode: 'isolated', allow: ['example.com:443'] });
    await box.run('nc', ['-w', '3', '93.184.216.34', '80']);
    await box.run('nslookup', ['pypi.org']);
    const [event, dns] = await box.network.events();
    expect(event).toMatchObject({
      protocol: 'tcp',
      address: '93.184.216.34',
      port: 80,
      reason: 'no rule opens this address, nor is it the answer for an allowed name',
      remedy: 'add "93.184.216.34:80" to network.allow (allow_net over REST)',
    });
    expect(dns).toMatchObject({
      protocol: 'dns',
      name: 'pypi.org',
      reason: 'no rule allows this name',
      remedy: 'add "pypi.org" to network.allow (allow_net over REST)',
    });
  });

  test('a box with network none has loopback only, and takes no tunnel', async () => {
    const box = await startedBox(runtime(), { network: 'none' });
    onTestFinished(() => runtime().remove(box.id, { force: true }));
    const { stdout } = await box.run('sh', ['-c', 'ls /sys/class/net; cat /etc/resolv.conf']);
    expect(stdout).toBe('lo\n# This box has no network of its own.\n');
    expect((await box.info()).network).toEqual({ mode: 'none', allow: undefined, inbound: false, ports: [] });
    await expect(box.network.tunnel(7).connect()).rejects.toThrow(InvalidStateError);
    expect(await box.network.events()).toEqual([]);
    expect((await box.metrics()).networkBytesSent).toBe(undefined);
  });

  test('a box that is closed inbound goes out and takes no tunnel', async () => {
    const box = await echoBox(runtime(), { network: { inbound: false } });
    expect((await box.info()).network).toMatchObject({ mode: 'isolated', inbound: false });
    await expect(box.network.tunnel(7).connect()).rejects.toThrow(InvalidStateError);
  });

  test.each([
    [{ network: { allow: ['not a name'] } }, /network\.allow/],
    [{ network: { allow: ['10.0.0.0/33'] } }, /network\.allow/],
    [{ network: 'none', ports: [{ guestPort: 80 }] }, /ports/],
    [{ ports: [{ guestPort: 0 }] }, /guest_?port/i],
  ] as const)('a box of %j is refused before it is made', async (options, message) => {
    const creation = runtime().create({ image: 'boxlite/base:latest', ...options });
    await expect(creation).rejects.toThrow(InvalidArgumentError);
    await expect(creation).rejects.toThrow(message);
  });
});
