import { readFile } from 'node:fs/promises';
import { beforeEach, expect, test } from 'vitest';
import type { BoxNetwork } from './box-network.ts';
import { boxNetworks } from './box-networks.fixture.ts';
import { pythonInBox, startInBox } from './internet.fixture.ts';

const networks = boxNetworks();
let network: BoxNetwork;
beforeEach(async () => {
  network = await networks.open({ allow: ['example.com', '93.184.216.34:7'] });
});

/** Still itself: it answers, and carries bytes. */
async function expectAlive(): Promise<void> {
  await network.usage();
  const program = `s = socket.create_connection(('93.184.216.34', 7)); s.sendall(b'alive'); print(s.recv(9).decode())`;
  expect(await pythonInBox(network, program)).toBe('alive');
}

async function processStatus(): Promise<{ readonly rssKib: number; readonly ticks: number }> {
  const [pid] = (await readFile(`${networks.folder}/network.json`, 'utf8')).split(' ');
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]?.split(' ') ?? [];
  return {
    rssKib: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]),
    ticks: Number(fields[11]) + Number(fields[12]),
  };
}

const noise = `
import random
random.seed(7)
q = bytearray(b'\\x12\\x34\\x01\\0\\0\\1\\0\\0\\0\\0\\0\\0\\7example\\3com\\0\\0\\1\\0\\1')
def mutated():
    b = bytearray(q if random.random() < .8 else random.randbytes(random.randrange(700)))
    for i in range(random.randrange(6)):
        if b: b[random.randrange(len(b))] = random.randrange(256)
    return bytes(b[:random.randrange(len(b) + 1)] if random.random() < .2 else b)
`;

test('thousands of mutated queries, by UDP and by TCP, do not end it', async () => {
  const program = `${noise}
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); u.connect(('${network.resolver}', 53))
for i in range(5000): u.send(mutated())
for i in range(300):
    try:
        s = socket.create_connection(('${network.resolver}', 53))
        for j in range(5):
            m = mutated(); s.sendall(struct.pack('>H', len(m) if random.random() < .9 else random.randrange(65536)) + m)
        s.close()
    except OSError: pass
print('done')`;
  expect(await pythonInBox(network, program)).toBe('done');
  await expectAlive();
  expect((await processStatus()).rssKib).toBeLessThan(2048);
});

test('a name that nobody answers does not keep other names from being answered', async () => {
  const program = `
def query(name): return b'\\x12\\x34\\x01\\0\\0\\1\\0\\0\\0\\0\\0\\0' + b''.join(bytes([len(p)]) + p.encode() for p in name.split('.')) + b'\\0\\0\\1\\0\\1'
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); u.connect(('${network.resolver}', 53))
for i in range(100): u.send(query('silent.org'))
v = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); v.connect(('${network.resolver}', 53)); v.send(query('example.com'))
print(v.recv(999)[-4:])`;
  expect(await pythonInBox(network, program)).toBe("b']\\xb8\\xd8\"'");
});

test('a ClientHello byte by byte is understood, and one that never ends is refused', async () => {
  const program = `
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); u.connect(('${network.resolver}', 53))
u.send(b'\\x12\\x34\\x01\\0\\0\\1\\0\\0\\0\\0\\0\\0\\7example\\3com\\0\\0\\1\\0\\1'); u.recv(999)
c = ssl.create_default_context(); c.check_hostname = False; c.verify_mode = ssl.CERT_NONE
i, o = ssl.MemoryBIO(), ssl.MemoryBIO()
t = c.wrap_bio(i, o, server_hostname='example.com')
s = socket.create_connection(('93.184.216.34', 443)); s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
while True:
    try: t.do_handshake(); break
    except ssl.SSLWantReadError:
        for byte in o.read(): s.sendall(bytes([byte]))
        i.write(s.recv(65536))
print(t.version())
s = socket.create_connection(('93.184.216.34', 443))
try:
    s.sendall(b'\\x16\\x03\\x01\\x40\\x00\\x01\\x00\\x3f\\xfc' + b'x' * 40000); print(s.recv(9))
except OSError as error: print(type(error).__name__)`;
  expect(await pythonInBox(network, program)).toMatch(/^TLSv1\.[23]\n(ConnectionResetError|BrokenPipeError)$/);
  await expectAlive();
});

test('connections that are dropped in every state leave nothing open and no work behind', async () => {
  const program = `
import random
random.seed(3)
kept = []
for i in range(400):
    how = i % 5
    s = socket.socket()
    try:
        s.connect(('93.184.216.34', random.choice([7, 80, 443, 4444, 9])))
        if how > 0: s.sendall(b'x' * random.randrange(100000) if how > 2 else b'GET / HT')
        if how == 2: s.shutdown(socket.SHUT_WR)
        if how == 4: s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    except OSError: pass
    if how % 2: s.close()
    else: kept.append(s)
print('done')`;
  expect(await pythonInBox(network, program)).toBe('done');
  await expect.poll(async () => (await network.usage()).connectionsOpen).toBe(0);
  await expectAlive();
  // Requests one after the other leave it idle most of the time; a descriptor that spins does not.
  const before = await processStatus();
  const began = performance.now();
  for (let i = 0; i < 2000; i++) await network.usage();
  const { ticks, rssKib } = await processStatus();
  expect(rssKib).toBeLessThan(3072);
  expect((ticks - before.ticks) * 10).toBeLessThan((performance.now() - began) * 0.8);
});

test('more connections than the limit are refused and reported, and later ones go on', async () => {
  const program = `
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, (6000, 6000))
kept, carried = [], 0
for i in range(4200):
    try: s = socket.create_connection(('93.184.216.34', 7)); s.sendall(b'x'); kept.append(s)
    except ConnectionResetError: pass
for s in kept:
    try: carried += s.recv(1) == b'x'
    except ConnectionResetError: pass
print(carried)`;
  expect(await pythonInBox(network, program)).toBe('4096');
  expect(await network.events()).toContainEqual(
    expect.objectContaining({ reason: 'too many connections at once', count: 104 }),
  );
  await expect.poll(async () => (await network.usage()).connectionsOpen, { timeout: 10_000 }).toBe(0);
  await expectAlive();
});

test('many connections that stall take little of the memory of the kernel, which no limit of the box counts', async () => {
  const box = startInBox(
    network,
    '/usr/bin/python3',
    '-c',
    `
import resource, socket, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (6000, 6000))
kept = [socket.create_connection(('93.184.216.34', 7)) for i in range(700)]
for s in kept: s.setblocking(False)
stuck = 0
while stuck < 20:
    sent = 0
    for s in kept:
        try: sent += s.send(b'x' * 65536)
        except BlockingIOError: pass
    stuck = 0 if sent else stuck + 1
print('stalled', flush=True)
sys.stdin.read()`,
  );
  expect(await box.line).toBe('stalled');
  const sockets = (await networks.internet.onHost('ss', '-tmnH')).match(/skmem:\(.*?\)/g) ?? [];
  const limit = (text: string, name: string): number => Number(new RegExp(`,${name}(\\d+)`).exec(text)?.[1]);
  const within = (bytes: number): number =>
    sockets.filter((text) => limit(text, 'rb') <= bytes && limit(text, 'tb') <= bytes).length;
  expect(sockets.length).toBe(700);
  expect(within(2 * 64 * 1024)).toBeGreaterThanOrEqual(700 - 64);
  expect(within(2 * 16 * 1024)).toBeGreaterThanOrEqual(700 - 512);
  await box.end();
  await expectAlive();
});
