import { expect, test } from 'vitest';
import type { BoxNetwork } from './box-network.ts';
import { boxNetworks } from './box-networks.fixture.ts';
import { inBox, pythonInBox } from './internet.fixture.ts';

const networks = boxNetworks();
let network: BoxNetwork;

async function open(): Promise<void> {
  network = await networks.open({ allow: ['example.com'] });
  await inBox(network, '/usr/bin/busybox', 'nslookup', '-type=a', 'example.com', network.resolver);
}

/** `hello(*extensions)`, `sni(*names)`, `records(hello, size)`; `say(port, *parts)` prints what came back first: what TLS answers with, other bytes, or the error; an empty part ends what is sent. */
const program = `
def hello(*extensions):
    joined = b''.join(struct.pack('>HH', kind, len(data)) + data for kind, data in extensions)
    # What OpenSSL needs for TLS 1.3: versions, groups, signatures, a share (X25519).
    for kind, data in ((43, b'\\2\\3\\4'), (10, b'\\0\\2\\0\\x1d'), (13, b'\\0\\4\\4\\3\\x08\\4'), (51, b'\\0\\x24\\0\\x1d\\0\\x20' + b'\\x09' + b'\\0' * 31)):
        joined += struct.pack('>HH', kind, len(data)) + data
    body = b'\\3\\3' + b'r' * 32 + b'\\0' + b'\\0\\4\\x1a\\x1a\\x13\\1' + b'\\1\\0' + struct.pack('>H', len(joined)) + joined
    return b'\\1' + struct.pack('>I', len(body))[1:] + body
def sni(*names):
    entries = b''.join(b'\\0' + struct.pack('>H', len(name)) + name for name in names)
    return (0, struct.pack('>H', len(entries)) + entries)
def records(hello, size=16384, version=b'\\3\\1'):
    return b''.join(b'\\x16' + version + struct.pack('>H', len(hello[at:at + size])) + hello[at:at + size] for at in range(0, len(hello), size))
def say(port, *parts):
    try:
        with socket.create_connection(('93.184.216.34', port)) as s:
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for part in parts: s.sendall(part) if part else s.shutdown(socket.SHUT_WR)
            got = s.recv(5)
            print({22: 'hello', 21: 'alert'}.get(got[0], got.decode()) if got else 'closed')
    except OSError as error: print(type(error).__name__)
grease, ech = (0x0a0a, b''), (0xfe0d, b'\\0\\0\\1\\0\\1\\5\\0\\x20' + b'e' * 32 + b'\\0\\x10' + b'p' * 16)
`;

test.each([
  ['a plain hello', 'records(hello(sni(b"example.com")))'],
  ['capitals and a dot at its end', 'records(hello(sni(b"eXaMpLe.CoM.")))'],
  [
    'GREASE before and after, and an ECH that nobody can read',
    'records(hello(grease, ech, sni(b"example.com"), (0x5a5a, b"x")))',
  ],
  ['a record for each byte', 'records(hello(sni(b"example.com")), 1)'],
  [
    'records and segments that end within lengths and names',
    '*[bytes([b]) for b in records(hello(sni(b"example.com")), 7)]',
  ],
])('TLS to an allowed name gets through: %s', async (_, parts) => {
  await open();
  expect(await pythonInBox(network, `${program}\nsay(443, ${parts})`)).toMatch(/^(hello|alert)$/);
  expect(await network.events()).toEqual([]);
});

test.each([
  ['records(hello(sni(b"both.org")))', 'no rule matches the name in its TLS SNI', 'both.org'],
  ['*[bytes([b]) for b in records(hello(sni(b"both.org")), 3)]', 'no rule matches the name in its TLS SNI', 'both.org'],
  // The name that is outside of an encrypted hello is what counts.
  ['records(hello(sni(b"cloudflare-ech.com"), ech))', 'no rule matches the name in its TLS SNI', 'cloudflare-ech.com'],
  ['records(hello(sni(b"sub.example.com")))', 'no rule matches the name in its TLS SNI', 'sub.example.com'],
  ['records(hello())', 'its TLS ClientHello names no server (no SNI)', '93.184.216.34'],
  ['records(hello(ech))', 'its TLS ClientHello names no server (no SNI)', '93.184.216.34'],
  ['records(hello(sni(b"example.com", b"both.org")))', 'its TLS ClientHello is malformed', '93.184.216.34'],
  ['records(hello(sni(b"example.com"), sni(b"both.org")))', 'its TLS ClientHello is malformed', '93.184.216.34'],
  ['records(hello(sni(b"example.com\\0both.org")))', 'its TLS ClientHello is malformed', '93.184.216.34'],
  ['records(hello(sni(b"example.com..")))', 'its TLS ClientHello is malformed', '93.184.216.34'],
  [
    'b"\\x14\\3\\3\\0\\1\\1" + records(hello(sni(b"example.com")))',
    'it is neither TLS nor HTTP, which alone say on ports 80 and 443 which name they want',
    '93.184.216.34',
  ],
  [
    'b"SSH-2.0-client\\r\\n"',
    'it is neither TLS nor HTTP, which alone say on ports 80 and 443 which name they want',
    '93.184.216.34',
  ],
  [
    'records(hello(sni(b"example.com")))[:40], b""',
    'it ended before it said in TLS SNI or HTTP Host which name it wants',
    '93.184.216.34',
  ],
])('%s is refused, and it is said why and what would let it through', async (parts, reason, rule) => {
  await open();
  expect(await pythonInBox(network, `${program}\nsay(443, ${parts})`)).toMatch(
    /^(ConnectionResetError|BrokenPipeError)$/,
  );
  const [event, ...more] = await network.events();
  expect(more).toEqual([]);
  expect(event?.reason).toBe(reason);
  expect(event?.remedy).toContain(`add "${rule}:443" to network.allow`);
});

test('protocols in which the server speaks first pass on other ports, and what follows their plain text is theirs', async () => {
  await open();
  const starttls = `${program}
s = socket.create_connection(('93.184.216.34', 25)); print(s.recv(99).decode().strip())
s.sendall(b'STARTTLS\\r\\n'); print(s.recv(99).decode().strip())
s.sendall(records(hello(sni(b'both.org')))); print(s.recv(1))`;
  expect((await pythonInBox(network, starttls)).split('\n')).toEqual(['220 hello', 'STARTTLS', "b'\\x16'"]);
  // Without any plain text before it, it is looked at on every port.
  expect(await pythonInBox(network, `${program}\nsay(25, records(hello(sni(b'both.org'))))`)).toMatch(
    /^(220 h|ConnectionResetError)$/,
  );
  expect((await network.events()).map(({ name, port }) => `${name}:${port}`)).toEqual(['both.org:25']);
});
