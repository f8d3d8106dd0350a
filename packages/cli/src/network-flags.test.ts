import { expect, test } from 'vitest';
import { networkOptions, parsePort } from './network-flags.ts';

test('--publish takes a box port, a host port and address before it, and a protocol after it', () => {
  expect(parsePort('80')).toEqual({ guestPort: 80, hostPort: 0, protocol: 'tcp' });
  expect(parsePort('8080:80/udp')).toEqual({ guestPort: 80, hostPort: 8080, protocol: 'udp' });
  expect(parsePort('0.0.0.0:8080:80')).toEqual({ guestPort: 80, hostPort: 8080, protocol: 'tcp', hostIp: '0.0.0.0' });
  expect(parsePort('127.0.0.1::80')).toEqual({ guestPort: 80, hostPort: 0, protocol: 'tcp', hostIp: '127.0.0.1' });
  expect(parsePort('[::1]:1:2/tcp')).toEqual({ guestPort: 2, hostPort: 1, protocol: 'tcp', hostIp: '::1' });
  for (const wrong of ['', 'x', '0', '65536', '70000:80', '80/sctp', '1:2:3', '[x]:1:2', '300.0.0.1:1:2', 'host:1:2']) {
    expect(() => parsePort(wrong)).toThrow('--publish must be');
  }
});

test('--network and --allow-net say who the box may talk to', () => {
  expect(networkOptions({})).toEqual({});
  expect(networkOptions({ network: 'enabled' })).toEqual({ network: 'isolated' });
  expect(networkOptions({ network: 'isolated' })).toEqual({ network: 'isolated' });
  expect(networkOptions({ network: 'none' })).toEqual({ network: 'none' });
  expect(networkOptions({ network: 'disabled', publish: ['80'] })).toEqual({
    network: { allow: [] },
    ports: [{ guestPort: 80, hostPort: 0, protocol: 'tcp' }],
  });
  expect(networkOptions({ network: 'enabled', allowNet: ['a.example', '*.b'] })).toEqual({
    network: { allow: ['a.example', '*.b'] },
  });
  expect(() => networkOptions({ network: 'none', allowNet: ['a'] })).toThrow('leave one of them out');
});
