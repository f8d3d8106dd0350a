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

const blocked = new BlockList();
for (const range of [...special, ...services]) {
  const [address = '', bits = ''] = range.split('/');
  blocked.addSubnet(address, Number(bits), address.includes(':') ? 'ipv6' : 'ipv4');
}

/** Whether an address is one of the public internet. What embeds another address, as mapped and translated ones do, is not. */
export function isPublicAddress(address: string): boolean {
  const [plain = ''] = address.split('%');
  const version = isIP(plain);
  return version !== 0 && !blocked.check(plain, version === 6 ? 'ipv6' : 'ipv4');
}
