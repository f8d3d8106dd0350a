import { readFile } from 'node:fs/promises';
import type { HostIds } from '../host/action.ts';
import type { Host } from '../host/host.ts';
import { subordinateRange } from '../host/rootless.ts';

const count = 65_536;
// Above what useradd, systemd and container engines give out, and below 2^31.
const defaultFirst = 0x7000_0000;

/** Whom the users and groups of every box are on this host: root's range where /etc/subuid and /etc/subgid give the same one, else 1879048192 to 1879113727. */
export async function readBoxIds(subuid = '/etc/subuid', subgid = '/etc/subgid'): Promise<HostIds> {
  const [users, groups] = await Promise.all([subuid, subgid].map((path) => readFile(path, 'utf8').catch(() => '')));
  const [first, same] = [users, groups].map((text) => subordinateRange(text ?? '', ['root', '0']));
  return { first: first !== undefined && first === same ? first : defaultFirst, count };
}

/** Whom the users and groups of every box are to the host program: without root, who follows its own root. */
export async function boxIdsOf({ space }: Host): Promise<HostIds> {
  return space.rootless ? { first: space.shift, count } : readBoxIds();
}
