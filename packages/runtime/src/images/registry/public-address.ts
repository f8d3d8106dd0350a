import { BlockList, isIP } from 'node:net';

/** What is not on the public internet (IANA special-purpose registries): this host, private, link-local, metadata, reserved. */
const special: readonly string[] = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
  '::/8',
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '100::/64',
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  '3fff::/20',
  '5f00::/16',
  'fc00::/7',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
];
// Platforms' own services at addresses that are public by their number.
const services: readonly string[] = ['168.63.129.16/32'];

// A list for each: one of both would take every IPv4 address for the IPv6 address that embeds it.
const blocked = { 4: new BlockList(), 6: new BlockList() };
for (const range of [...special, ...services]) {
  const [address = '', bits = ''] = range.split('/');
  if (address.includes(':')) blocked[6].addSubnet(address, Number(bits), 'ipv6');
  else blocked[4].addSubnet(address, Number(bits), 'ipv4');
}

/** Whether an address is one of the public internet. What embeds another address, as mapped and translated ones do, is not. */
export function isPublicAddress(address: string): boolean {
  const [plain = ''] = address.split('%');
  const version = isIP(plain);
  if (version === 4) return !blocked[4].check(plain, 'ipv4');
  return version === 6 && !blocked[6].check(plain, 'ipv6');
}
