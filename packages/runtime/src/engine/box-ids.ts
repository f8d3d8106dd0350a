import { readFile } from 'node:fs/promises';
import type { HostIds } from '../host/action.ts';

const count = 65_536;
// Above what useradd, systemd and container engines give out, and below 2^31.
const defaultFirst = 0x7000_0000;

/** The first range of at least 65,536 ids that a text such as /etc/subuid gives to root. */
function rangeOfRoot(text: string): number | undefined {
  for (const line of text.split('\n')) {
    const [name, first, size] = line.split(':');
    if ((name !== 'root' && name !== '0') || !/^\d+$/.test(first ?? '') || !/^\d+$/.test(size ?? '')) continue;
    const start = Number(first);
    if (start >= count && Number(size) >= count && start + count <= 0xffff_ffff) return start;
  }
  return undefined;
}

/** Whom the users and groups of every box are on this host: root's range where /etc/subuid and /etc/subgid give the same one, else 1879048192 to 1879113727. */
export async function readBoxIds(subuid = '/etc/subuid', subgid = '/etc/subgid'): Promise<HostIds> {
  const [users, groups] = await Promise.all([subuid, subgid].map((path) => readFile(path, 'utf8').catch(() => '')));
  const first = rangeOfRoot(users ?? '');
  return { first: first !== undefined && first === rangeOfRoot(groups ?? '') ? first : defaultFirst, count };
}
