import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { boxNetworks } from './box-networks.fixture.ts';
import { inBox, pythonInBox, startInBox } from './internet.fixture.ts';

const networks = boxNetworks();

test('64 MiB go out and come back whole, at once, and are counted to the byte', async () => {
  const network = await networks.open();
  const output = await pythonInBox(
    network,
    `
import os
size, block = 64 << 20, os.urandom(1 << 20)
s = socket.create_connection(('93.184.216.34', 7)); s.settimeout(20)
def send():
    for i in range(64): s.sendall(block)
    s.shutdown(socket.SHUT_WR)
threading.Thread(target=send).start()
got, state = 0, hashlib.sha256()
while True:
    data = s.recv(1 << 20)
    if not data: break
    got += len(data); state.update(data)
print(got == size, state.hexdigest() == hashlib.sha256(block * 64).hexdigest())`,
  );
  expect(output).toBe('True True');
  const size = 64 * 1024 * 1024;
  expect(await network.usage()).toEqual({
    bytesSent: size,
    bytesReceived: size,
    connectionsTotal: 1,
    connectionsOpen: 0,
    connectionsRefused: 0,
    connectionsFailed: 0,
    inwardIdleMs: expect.any(Number),
  });
});

test('a half-close is passed on, and the answer still comes', async () => {
  const program = `
s = socket.create_connection(('1.1.1.1', 9)); s.sendall(b'x' * 100000); s.shutdown(socket.SHUT_WR)
print(s.makefile().readline().strip())`;
  const digest = createHash('sha256').update('x'.repeat(100_000)).digest('hex');
  expect(await pythonInBox(await networks.open(), program)).toBe(`100000 ${digest}`);
});

test('a peer that does not read holds the sender back, and costs little memory', async () => {
  const network = await networks.open();
  const output = await pythonInBox(
    network,
    `
s = socket.create_connection(('93.184.216.34', 7)); s.settimeout(1)
sent = 0
try:
    while sent < 200 << 20: sent += s.send(b'x' * 65536)
except TimeoutError: pass
print(sent < 100 << 20)
got = 0
s.settimeout(5)
while got < sent: got += len(s.recv(1 << 20))
print(got == sent)`,
  );
  expect(output).toBe('True\nTrue');
  expect(await memoryKib()).toBeLessThan(1024);
});

async function memoryKib(): Promise<number> {
  const [pid] = (await readFile(`${networks.folder}/network.json`, 'utf8')).split(' ');
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]);
}

test('five hundred connections at once all carry their bytes, and an idle network is small', async () => {
  const network = await networks.open();
  expect(await memoryKib()).toBeLessThan(500);
  const program = `
all = [socket.create_connection(('93.184.216.34', 7)) for i in range(500)]
for i, s in enumerate(all): s.sendall(b'%d' % i)
print(sum(s.recv(99) == b'%d' % i for i, s in enumerate(all)))
input()`;
  const client = startInBox(network, '/usr/bin/python3', '-c', `import socket\n${program}`);
  expect(await client.line).toBe('500');
  expect(await network.usage()).toMatchObject({ connectionsTotal: 500, connectionsOpen: 500 });
  await client.end();
  await expect.poll(async () => (await network.usage()).connectionsOpen).toBe(0);
});

test('a connection that cannot be made is reset and counted as failed', async () => {
  const network = await networks.open();
  expect(
    await pythonInBox(
      network,
      `
try: print(socket.create_connection(('1.1.1.1', 4444)).recv(1))
except OSError as error: print(type(error).__name__)`,
    ),
  ).toBe('ConnectionResetError');
  expect(await network.usage()).toMatchObject({ connectionsFailed: 1, connectionsRefused: 0, connectionsOpen: 0 });
});

test('published ports lead into the box by TCP and UDP', async () => {
  const network = await networks.open({
    ports: [
      { guestPort: 5000 },
      { guestPort: 5000, protocol: 'udp' },
      { guestPort: 5001, hostIp: '44.0.0.2', hostPort: 7777 },
    ],
  });
  const [tcp, udp, chosen] = network.ports;
  expect(tcp).toMatchObject({ guestPort: 5000, hostIp: '127.0.0.1', protocol: 'tcp' });
  expect(udp).toMatchObject({ guestPort: 5000, hostIp: '127.0.0.1', protocol: 'udp' });
  expect(chosen).toEqual({ guestPort: 5001, hostPort: 7777, hostIp: '44.0.0.2', protocol: 'tcp' });
  const server = startInBox(
    network,
    '/usr/bin/python3',
    '-c',
    `
import socket, threading
t = socket.create_server(('127.0.0.1', 5000)); u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); u.bind(('', 5000))
def udp():
    while True:
        data, peer = u.recvfrom(9999); u.sendto(b'udp ' + data, peer)
threading.Thread(target=udp, daemon=True).start()
print('up', flush=True)
while True:
    c, _ = t.accept(); c.sendall(b'tcp ' + c.recv(99)); c.close()`,
  );
  await server.line;
  const client = `
import socket
s = socket.create_connection(('127.0.0.1', ${tcp?.hostPort})); s.sendall(b'a'); print(s.recv(99).decode())
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); u.connect(('127.0.0.1', ${udp?.hostPort})); u.settimeout(5); u.send(b'b'); print(u.recv(99).decode())
try: print(socket.create_connection(('44.0.0.2', 7777)).recv(1))
except ConnectionResetError: print('reset')`;
  expect(await networks.internet.onHost('python3', '-c', client)).toBe('tcp a\nudp b\nreset\n');
  await server.end();
});

test('a port that is taken is named', async () => {
  await networks.open({ ports: [{ guestPort: 1, hostPort: 7000 }] });
  await expect(networks.open({ ports: [{ guestPort: 1, hostPort: 7000 }] })).rejects.toMatchObject({
    code: 'already_exists',
    message: expect.stringContaining('127.0.0.1:7000'),
  });
  await expect(networks.open({ ports: [{ guestPort: 0 }] })).rejects.toThrow('ports.guestPort 0');
  await expect(networks.open({ ports: [{ guestPort: 1, hostIp: 'localhost' }] })).rejects.toThrow(
    'ports.hostIp localhost',
  );
});

test('dial gives a stream to a port of the box, wherever it listens, with half-close', async () => {
  const network = await networks.open();
  for (const address of ['127.0.0.1', '192.168.127.2', '::1']) {
    const family = address.includes(':') ? ', family=socket.AF_INET6' : '';
    const server = startInBox(
      network,
      '/usr/bin/python3',
      '-c',
      `
import socket, hashlib
s = socket.create_server(('${address}', 6000)${family}); print('up', flush=True)
c, _ = s.accept(); d = b''
while data := c.recv(65536): d += data
c.sendall(hashlib.sha256(d).hexdigest().encode())`,
    );
    await server.line;
    const bytes = randomBytes(300_000);
    const stream = await network.dial(6000);
    stream.end(bytes);
    expect(await text(stream)).toBe(createHash('sha256').update(bytes).digest('hex'));
    await server.end();
  }
  expect(await network.usage()).toMatchObject({ bytesReceived: 900_000, bytesSent: 192 });
});

test('dial says when nothing listens, when the port is none, and stops at an abort', async () => {
  const network = await networks.open();
  await expect(network.dial(6001)).rejects.toMatchObject({
    code: 'network_failed',
    message: expect.stringContaining('connection refused'),
  });
  await expect(network.dial(0)).rejects.toThrow('port 0');
  await expect(network.dial(6001, AbortSignal.abort(new Error('no more')))).rejects.toThrow('no more');
});

test('a server that speaks first is heard though a name opened its address', async () => {
  const network = await networks.open({ allow: ['example.com'] });
  await inBox(network, '/usr/bin/busybox', 'nslookup', 'example.com', network.resolver);
  expect(
    await pythonInBox(
      network,
      `
s = socket.create_connection(('93.184.216.34', 25)); print(s.recv(99)); s.sendall(b'EHLO x\\r\\n'); print(s.recv(99))`,
    ),
  ).toBe("b'220 hello\\r\\n'\nb'EHLO x\\r\\n'");
});

test('a server of this machine outside is not reached through an address of the box', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const network = await networks.open();
  const program = `
for host in ['127.0.0.1', '192.168.127.1', '192.168.127.2', '0.0.0.0']:
    try: print(socket.create_connection((host, ${port})).recv(1) == b'')
    except OSError as error: print(type(error).__name__)`;
  expect(new Set((await pythonInBox(network, program)).split('\n'))).toEqual(
    new Set(['ConnectionRefusedError', 'ConnectionResetError']),
  );
  server.close();
});

test('any user of the box may listen on a low port', async () => {
  const network = await networks.open();
  const program = "import os, socket; os.setuid(1234); s = socket.create_server(('0.0.0.0', 80)); print('listens')";
  expect(await pythonInBox(network, program)).toBe('listens');
});
