import { expect, test } from 'vitest';
import type { BoxNetwork } from './box-network.ts';
import { boxNetworks } from './box-networks.fixture.ts';
import { inBox, pythonInBox } from './internet.fixture.ts';

const networks = boxNetworks();
const open = (allow?: readonly string[]): Promise<BoxNetwork> => networks.open({ allow });

/** What the remedy of a refusal ends with: the option as each user writes it. */
const option = 'network.allow (allow_net over REST)';
const closed = ', which only a rule for it opens';

/** What an echo gives, or the class of the error; also says when it took longer than a second. */
const connect = `
def connect(host, port, data=b'hello'):
    began = time.time()
    try:
        with socket.create_connection((host, port)) as s:
            s.sendall(data)
            got = s.recv(100).decode().split('\\r')[0] or 'closed'
    except OSError as error:
        got = type(error).__name__
    print(got if time.time() - began < 1 else 'slow ' + got)
`;

async function resolve(network: BoxNetwork, ...names: readonly string[]): Promise<string> {
  return (
    await Promise.all(
      names.map(async (name) => {
        const { output } = await inBox(network, '/usr/bin/busybox', 'nslookup', '-type=a', name, network.resolver);
        const found = [...output.matchAll(/^Address: (\d[\d.]*)$/gm)].map(([, address]) => address).join(',');
        return `${name} ${found || (/REFUSED|NXDOMAIN|SERVFAIL/.exec(output)?.[0] ?? 'nothing')}`;
      }),
    )
  ).join('\n');
}

test('without a list a box reaches public addresses by TCP and UDP, and names resolve', async () => {
  const network = await open();
  expect(await pythonInBox(network, `${connect}\nconnect('93.184.216.34', 7)\nconnect('1.1.1.1', 7)`)).toBe(
    'hello\nhello',
  );
  const udp = `s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.connect(('1.1.1.1', 443)); s.send(b'q'); print(s.recv(99).decode())`;
  expect(await pythonInBox(network, udp)).toBe('echo q');
  expect(await resolve(network, 'example.com', 'alias.org', 'nowhere.org')).toBe(
    'example.com 93.184.216.34\nalias.org 93.184.216.34\nnowhere.org NXDOMAIN',
  );
  expect(await network.events()).toEqual([]);
});

test('by default the host, its loopback, private and metadata addresses are refused at once and reported', async () => {
  const network = await open();
  const targets = [
    '44.0.0.2',
    '10.9.9.9',
    '192.168.1.1',
    '172.16.3.4',
    '169.254.169.254',
    '100.64.0.1',
    '224.0.0.1',
    '0.1.2.3',
    '240.0.0.1',
  ];
  const output = await pythonInBox(network, `${connect}\nfor host in ${JSON.stringify(targets)}: connect(host, 80)`);
  for (const line of output.split('\n'))
    expect(line).toMatch(/^(ConnectionResetError|ConnectionRefusedError|OSError|closed)$/);
  const events = await network.events();
  expect(events.map(({ address, reason }) => `${address} ${reason}`)).toEqual(
    expect.arrayContaining([
      `44.0.0.2 an address of the host${closed}`,
      `10.9.9.9 a private address${closed}`,
      `192.168.1.1 a private address${closed}`,
      `172.16.3.4 a private address${closed}`,
      `169.254.169.254 the metadata address of clouds${closed}`,
      `100.64.0.1 a shared (CGNAT) address${closed}`,
    ]),
  );
  expect(events[0]).toMatchObject({
    kind: 'refused',
    protocol: 'tcp',
    port: 80,
    // A list of one rule would end the default.
    remedy: `set "0.0.0.0/0" and "44.0.0.2:80" as ${option}`,
  });
  // Its own loopback is the box's, never the host's.
  expect(await pythonInBox(network, `${connect}\nconnect('127.0.0.1', 80)`)).toBe('ConnectionRefusedError');
});

test('IPv6 and pings are refused at once', async () => {
  const network = await open();
  expect(
    await pythonInBox(network, `${connect}\nconnect('2606:4700:4700::1111', 80)\nconnect('::ffff:10.9.9.9', 80)`),
  ).toBe('OSError\nConnectionResetError');
  const ping = `s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
began = time.time()
try: s.sendto(b'\\x08\\0\\xf7\\xff\\0\\0\\0\\0', ('93.184.216.34', 0)); s.settimeout(1); print(s.recv(99)[20])
except OSError as error: print('refused')`;
  expect(await pythonInBox(network, ping)).toMatch(/^(refused|3)$/);
});

test('repeated refusals are counted, and later ones can be asked for', async () => {
  const network = await open();
  await pythonInBox(network, `${connect}\nfor i in range(5): connect('10.9.9.9', 22)\nconnect('10.9.9.9', 23)`);
  const events = await network.events();
  expect(events.map(({ sequence, port, count }) => [sequence, port, count])).toEqual([
    [1, 22, 5],
    [2, 23, 1],
  ]);
  expect((await network.events(1)).map(({ port }) => port)).toEqual([23]);
  expect(await network.usage()).toMatchObject({ connectionsRefused: 6, connectionsTotal: 0 });
});

test('the ring of refusals keeps the newest 256', async () => {
  const network = await open();
  await pythonInBox(network, `${connect}\nfor port in range(1000, 1300): connect('10.9.9.9', port)`);
  const events = await network.events();
  expect(events).toHaveLength(256);
  expect([events[0]?.port, events.at(-1)?.port, events.at(-1)?.sequence]).toEqual([1044, 1299, 300]);
});

test('a list of addresses allows exactly those, with their ports, private ones included', async () => {
  const network = await open(['1.1.1.0/24', '93.184.216.34:25', '10.9.9.9:7']);
  const program = `${connect}
connect('1.1.1.1', 7)
connect('93.184.216.34', 7)
connect('10.9.9.9', 7)
connect('10.9.9.9', 80)
print(socket.create_connection(('93.184.216.34', 25)).recv(99))`;
  expect((await pythonInBox(network, program)).split('\n')).toEqual([
    'hello',
    'ConnectionResetError',
    'hello',
    'ConnectionResetError',
    "b'220 hello\\r\\n'",
  ]);
  expect((await network.events()).map(({ reason, remedy }) => `${reason}: ${remedy}`)).toEqual([
    `the rule for it is for another port: add "93.184.216.34:7" to ${option}`,
    `the rule for it is for another port: add "10.9.9.9:80" to ${option}`,
  ]);
});

test('a rule for everything means everything public, and lets every name resolve', async () => {
  const network = await open(['0.0.0.0/0']);
  expect(
    await pythonInBox(network, `${connect}\nconnect('1.1.1.1', 7)\nconnect('10.9.9.9', 7)\nconnect('44.0.0.2', 7)`),
  ).toBe('hello\nConnectionResetError\nConnectionResetError');
  expect(await resolve(network, 'example.com')).toBe('example.com 93.184.216.34');
});

test('an address of the host is allowed only by a rule for exactly it', async () => {
  expect(await pythonInBox(await open(['44.0.0.0/24']), `${connect}\nconnect('44.0.0.2', 7)`)).toBe(
    'ConnectionResetError',
  );
  const network = await open(['44.0.0.2']);
  await pythonInBox(network, `${connect}\nconnect('44.0.0.2', 7)`);
  // Nothing listens there, which only an allowed connection finds out.
  expect(await network.usage()).toMatchObject({ connectionsRefused: 0, connectionsFailed: 1 });
});

test('an empty list allows nothing at all', async () => {
  const network = await open([]);
  expect(await pythonInBox(network, `${connect}\nconnect('1.1.1.1', 7)`)).toBe('ConnectionResetError');
  expect(await resolve(network, 'example.com')).toBe('example.com REFUSED');
});

test('only allowed names resolve, and their addresses open only once they were answered', async () => {
  const network = await open(['example.com:7', '*.example.com:8080']);
  expect(await pythonInBox(network, `${connect}\nconnect('93.184.216.34', 7)`)).toBe('ConnectionResetError');
  const names = ['example.com', 'www.example.com', 'other.org', 'notexample.com'];
  expect(await resolve(network, ...names)).toBe(
    'example.com 93.184.216.34\nwww.example.com 93.184.216.34\nother.org REFUSED\nnotexample.com REFUSED',
  );
  const program = `${connect}\nconnect('93.184.216.34', 7)\nconnect('93.184.216.35', 7)\nconnect('93.184.216.34', 9)`;
  expect(await pythonInBox(network, program)).toBe('hello\nConnectionResetError\nConnectionResetError');
  const events = await network.events();
  expect(events).toContainEqual(
    expect.objectContaining({
      protocol: 'dns',
      name: 'other.org',
      reason: 'no rule allows this name',
      remedy: `add "other.org" to ${option}`,
    }),
  );
  expect(events).toContainEqual(
    expect.objectContaining({
      port: 9,
      reason: 'the rule for it is for another port',
      remedy: expect.stringMatching(/^add "(www\.)?example\.com:9" to network\.allow /),
    }),
  );
  expect(networks.internet.log()).not.toContain('dns other.org 1');
});

test('a wildcard allows subdomains, and not the name itself', async () => {
  const network = await open(['*.example.com']);
  expect(await resolve(network, 'www.example.com', 'example.com')).toBe(
    'www.example.com 93.184.216.34\nexample.com REFUSED',
  );
});

test('answers that point to the host, to private or metadata addresses are taken out and reported', async () => {
  const network = await open();
  expect(await resolve(network, 'rebind.org', 'meta.org', 'own.org', 'mixed.org')).toBe(
    'rebind.org REFUSED\nmeta.org REFUSED\nown.org REFUSED\nmixed.org 93.184.216.34',
  );
  const events = await network.events();
  expect(events).toContainEqual(
    expect.objectContaining({
      protocol: 'dns',
      name: 'rebind.org',
      address: '10.9.9.9',
      reason: `a private address${closed}`,
      remedy: `set "0.0.0.0/0" and "10.9.9.9" as ${option}`,
    }),
  );
  expect(await resolve(await open(['rebind.org', '10.9.0.0/16']), 'rebind.org')).toBe('rebind.org 10.9.9.9');
});

test('HTTP to an address that a name opened must name an allowed Host', async () => {
  const network = await open(['example.com']);
  await resolve(network, 'example.com');
  const request = (host: string, port: number): string =>
    `connect('93.184.216.34', ${port}, b'GET / HTTP/1.1\\r\\nHost: ${host}\\r\\n\\r\\n')`;
  const lines = [
    request('example.com', 80),
    request('EXAMPLE.com:80', 80),
    request('both.org', 80),
    request('both.org', 8080),
    request('example.com', 8080),
  ];
  const output = await pythonInBox(
    network,
    `${connect}\n${lines.join('\n')}\nconnect('93.184.216.34', 80, b'SSH-2.0-x\\r\\n')`,
  );
  expect(output.split('\n')).toEqual([
    'HTTP/1.0 200 OK',
    'HTTP/1.0 200 OK',
    'ConnectionResetError',
    'ConnectionResetError',
    'HTTP/1.0 200 OK',
    'ConnectionResetError',
  ]);
  expect((await network.events()).map(({ name, port, reason }) => `${name}:${port} ${reason}`)).toEqual([
    'both.org:80 no rule matches the name in its HTTP Host',
    'both.org:8080 no rule matches the name in its HTTP Host',
    'example.com:80 it is neither TLS nor HTTP, which alone say on ports 80 and 443 which name they want',
  ]);
});

test('TLS to an address that a name opened must name an allowed server', async () => {
  const network = await open(['example.com']);
  await resolve(network, 'example.com');
  const program = `
c = ssl.create_default_context(); c.check_hostname = False; c.verify_mode = ssl.CERT_NONE
for name in ['example.com', 'both.org', None]:
    try:
        s = c.wrap_socket(socket.create_connection(('93.184.216.34', 443)), server_hostname=name)
        s.sendall(b'GET / HTTP/1.1\\r\\n\\r\\n'); print(s.recv(15))
    except OSError as error: print(type(error).__name__)`;
  expect((await pythonInBox(network, program)).split('\n')).toEqual([
    "b'HTTP/1.0 200 OK'",
    'ConnectionResetError',
    'ConnectionResetError',
  ]);
  expect((await network.events()).map(({ name, remedy }) => `${name}: ${remedy}`)).toEqual([
    `both.org: add "both.org:443" to ${option}`,
    // Its name is allowed already: only a rule for the address does without SNI.
    `example.com: add "93.184.216.34:443" to ${option}`,
  ]);
});

test('a name opens no UDP: QUIC is refused at once and reported', async () => {
  const network = await open(['example.com']);
  await resolve(network, 'example.com');
  const program = `s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.connect(('93.184.216.34', 443)); s.send(b'quic')
try: s.recv(99)
except OSError as error: print(type(error).__name__)`;
  expect(await pythonInBox(network, program)).toBe('ConnectionRefusedError');
  expect(await network.events()).toEqual([
    expect.objectContaining({
      protocol: 'udp',
      port: 443,
      name: 'example.com',
      remedy: `add "93.184.216.34:443" to ${option}`,
    }),
  ]);
});

test('names resolve by TCP too, also what is too long for UDP, and whichever server is asked', async () => {
  const network = await open();
  const program = `
def ask(name, kind, server, tcp):
    q = b'\\x12\\x34\\x01\\0\\0\\1\\0\\0\\0\\0\\0\\0' + b''.join(bytes([len(p)]) + p.encode() for p in name.split('.')) + b'\\0' + struct.pack('>HH', kind, 1)
    if tcp:
        s = socket.create_connection((server, 53)); s.sendall(struct.pack('>H', len(q)) + q)
        f = s.makefile('rb'); m = f.read(struct.unpack('>H', f.read(2))[0])
    else:
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.connect((server, 53)); s.send(q); m = s.recv(4096)
    print(m[:2] == q[:2], bool(m[2] & 2), m[3] & 15, struct.unpack('>H', m[6:8])[0])
ask('example.com', 1, '${network.resolver}', True)
ask('long.org', 16, '1.2.3.4', False)
ask('long.org', 16, '1.2.3.4', True)
ask('example.com', 28, '9.9.9.9', False)
ask('example.com', 65, '9.9.9.9', False)
ask('example.com', 255, '9.9.9.9', False)`;
  expect((await pythonInBox(network, program)).split('\n')).toEqual([
    'True False 0 1',
    'True True 0 0',
    'True False 0 20',
    'True False 0 0',
    'True False 0 0',
    'True False 4 0',
  ]);
});

test('an answer that nobody asked for is not taken', async () => {
  const network = await open();
  expect(await resolve(network, 'forged.org')).not.toContain('93.184.216.34');
});
