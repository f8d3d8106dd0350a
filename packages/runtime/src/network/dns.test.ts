import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import type { BoxNetwork } from './box-network.ts';
import { boxNetworks } from './box-networks.fixture.ts';
import { pythonInBox } from './internet.fixture.ts';

const networks = boxNetworks();
let network: BoxNetwork;

async function open(allow?: readonly string[]): Promise<void> {
  network = await networks.open({ allow });
}

/** `ask(name, kind)` prints the status and the addresses; a name is text, or bytes as they go out. `reach(address, port)` prints an echo or the error. */
const asking = (): string => `
def wire(name): return name if isinstance(name, bytes) else b''.join(bytes([len(p)]) + p.encode() for p in name.split('.')) + b'\\0'
def query(name, kind=1, flags=b'\\1\\0', extra=b'', extras=0):
    return b'\\x12\\x34' + flags + struct.pack('>HHHH', 1, 0, 0, extras) + wire(name) + struct.pack('>HH', kind, 1) + extra
def ask(*args, tcp=False, server='${network.resolver}'):
    q = query(*args)
    if tcp:
        s = socket.create_connection((server, 53)); s.sendall(struct.pack('>H', len(q)) + q)
        f = s.makefile('rb'); m = f.read(struct.unpack('>H', f.read(2))[0])
    else:
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.connect((server, 53)); s.settimeout(1)
        for attempt in range(4): # as resolvers do: a datagram may be lost behind a flood
            s.send(q)
            try: m = s.recv(65535); break
            except TimeoutError: pass
    count, at, found = struct.unpack('>H', m[6:8])[0], len(q) - len(args[3] if len(args) > 3 else b''), []
    for i in range(count if len(args) < 2 or args[1] == 1 else 0): found.append(socket.inet_ntoa(m[at + 12:at + 16])); at += 16
    print(['ok', 'malformed', 'failed', 'no name', 'not implemented', 'refused'][m[3] & 15], *found)
def reach(address, port):
    try:
        with socket.create_connection((address, port)) as s: s.sendall(b'hello'); print(s.recv(9).decode())
    except OSError as error: print(type(error).__name__)
`;

async function python(program: string): Promise<readonly string[]> {
  return (await pythonInBox(network, asking() + program)).split('\n');
}

test('an answer keeps public addresses only, and each that was taken out is reported', async () => {
  await open();
  expect(await python(`ask('classes.org')`)).toEqual(['ok 93.184.216.35']);
  const events = await network.events();
  expect(events).toHaveLength(20);
  for (const { protocol, name, reason, remedy, address } of events) {
    expect([protocol, name]).toEqual(['dns', 'classes.org']);
    expect(reason).toContain('which only a rule for it opens');
    expect(remedy).toContain(`set "0.0.0.0/0" and "${address}" as network.allow`);
  }
  // Nor does asking for it open any.
  expect(await python(`for a in ['10.0.0.1', '127.8.8.8', '169.254.169.254', '44.0.0.2']: reach(a, 7)`)).toEqual([
    'ConnectionResetError',
    'ConnectionRefusedError',
    'ConnectionResetError',
    'ConnectionResetError',
  ]);
});

test('the name that was asked counts, not what it is an alias of, and addresses of other names are not taken', async () => {
  await open(['chain.org', 'inward.org', 'circle.org', 'stray.org']);
  const program = `reach('93.184.216.35', 7)
ask('stray.org'); reach('93.184.216.35', 7)
ask('circle.org'); ask('inward.org'); reach('10.9.9.9', 7)
ask('far.other'); reach('93.184.216.35', 7)
ask('chain.org'); reach('93.184.216.35', 7); time.sleep(1.1); reach('93.184.216.35', 7)`;
  expect(await python(program)).toEqual([
    'ConnectionResetError',
    ...['ok', 'ConnectionResetError'],
    ...['ok', 'refused', 'ConnectionResetError'],
    ...['refused', 'ConnectionResetError'],
    // It holds for a minute, though its time is zero.
    ...['ok 93.184.216.35', 'hello', 'hello'],
  ]);
});

test('records that say more than addresses are answered as empty or not at all, whatever options come with the question', async () => {
  await open(['example.com']);
  const edns = `b'\\0\\0\\x29\\x10\\0\\0\\0\\x80\\0\\0\\0', 1`;
  const program = `for kind in (28, 64, 65): ask('example.com', kind)
for kind in (0, 41, 249, 250, 251, 252, 253, 254, 255): ask('example.com', kind)
ask('example.com', 16)
ask('example.com', 1, b'\\1\\x30', ${edns}); ask('EXAMPLE.com', 1, b'\\1\\0', ${edns})
ask('example.com', 1, tcp=True); ask('example.com', 1, server='1.1.1.1'); ask('example.com', 1, server='9.9.9.9', tcp=True)`;
  expect(await python(program)).toEqual([
    ...Array(3).fill('ok'),
    ...Array(9).fill('not implemented'),
    'ok',
    ...Array(5).fill('ok 93.184.216.34'),
  ]);
  expect(networks.internet.log().filter((line) => / (0|28|41|64|65|249|25\d)$/.test(line))).toEqual([]);
});

test('names that are too long, binary or of another class are refused as malformed, and long ones that are right are asked', async () => {
  await open();
  const program = `
def ask_raw(q):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.connect(('${network.resolver}', 53)); s.send(q)
    print(s.recv(999)[3] & 15)
label = b'\\x3f' + b'a' * 63
for name in (label * 4 + b'\\0', label * 3 + b'\\x3e' + b'b' * 62 + b'\\0', b'\\4a\\0b\\xff\\3org\\0', b'\\3a.b\\3org\\0', b'\\7example\\xc0\\x0c', b'\\x40' + b'a' * 64 + b'\\0', b'\\4a\\nb"\\0'):
    ask_raw(query(name))
ask_raw(query('example.com')[:-2] + b'\\0\\3'); ask_raw(query('example.com', flags=b'\\x28\\0')); ask_raw(query('example.com')[:-3])
ask(label * 3 + b'\\x3d' + b'b' * 61 + b'\\0')`;
  expect(await python(program)).toEqual([...Array(10).fill('1'), 'no name']);
});

test('a list closes other ways to a name: public resolvers by TLS and by HTTPS', async () => {
  await open(['example.com']);
  const program = `ask('example.com'); reach('1.1.1.1', 443); reach('8.8.8.8', 853)`;
  expect(await python(program)).toEqual(['ok 93.184.216.34', 'ConnectionResetError', 'ConnectionResetError']);
  expect((await network.events()).map(({ address, port, reason }) => `${address}:${port} ${reason}`)).toEqual([
    '1.1.1.1:443 no rule opens this address, nor is it the answer for an allowed name',
    '8.8.8.8:853 no rule opens this address, nor is it the answer for an allowed name',
  ]);
});

test('thirty thousand questions as fast as they come leave its memory as it was, and it answers', async () => {
  await open(['*.example.com', 'example.com']);
  const memory = async (): Promise<number> => {
    const [pid] = (await readFile(`${networks.folder}/network.json`, 'utf8')).split(' ');
    return Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]);
  };
  const flood = `
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.connect(('${network.resolver}', 53)); s.setblocking(False)
for i in range(10000):
    for name in (f'x{i}.org', f'x{i % 300}.other.org', f'x{i}.example.com' if i % 50 == 0 else 'y.org'):
        try: s.send(query(name))
        except OSError: pass
        try: s.recv(999)
        except OSError: pass
ask('example.com')`;
  expect(await python(flood)).toEqual(['ok 93.184.216.34']);
  const once = await memory();
  expect(await python(flood)).toEqual(['ok 93.184.216.34']);
  expect(await memory()).toBeLessThan(once + 256);
  expect(once).toBeLessThan(3072);
});
