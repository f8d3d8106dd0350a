import { readFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { EngineError } from 'boxlite/backend';
import { findProgram } from '../engine/program.ts';

/** Ids that a box has. */
const idsOfBox = 65_536;

/** What an ordinary user's user namespace is made of. */
export interface RootlessIds {
  readonly newuidmap: string;
  readonly newgidmap: string;
  /** The first of the user's subordinate ids. */
  readonly users: number;
  readonly groups: number;
}

/** Something that an ordinary user lacks for boxes, and the command that brings it. */
export interface RootlessProblem {
  readonly reason: string;
  readonly fix: string;
}

/** The first range that a text such as /etc/subuid gives to one of these names, with as many ids as a box has. */
export function subordinateRange(text: string, names: readonly string[]): number | undefined {
  for (const line of text.split('\n')) {
    const [name = '', first, size] = line.split(':');
    if (!names.includes(name) || !/^\d+$/.test(first ?? '') || !/^\d+$/.test(size ?? '')) continue;
    const start = Number(first);
    if (start >= idsOfBox && Number(size) >= idsOfBox && start + idsOfBox <= 0xffff_ffff) return start;
  }
  return undefined;
}

function userNames(): readonly string[] {
  const uid = String(process.geteuid?.() ?? 0);
  try {
    return [userInfo().username, uid];
  } catch {
    return [uid];
  }
}

/** What this user's boxes get as ids, or what is missing for that. */
export async function readRootlessIds(): Promise<RootlessIds | readonly RootlessProblem[]> {
  const [newuidmap, newgidmap] = await Promise.all(['newuidmap', 'newgidmap'].map((name) => findProgram(name)));
  const names = userNames();
  const [users, groups] = await Promise.all(
    ['/etc/subuid', '/etc/subgid'].map(async (path) =>
      subordinateRange(await readFile(path, 'utf8').catch(() => ''), names),
    ),
  );
  if (newuidmap !== undefined && newgidmap !== undefined && users !== undefined && groups !== undefined)
    return { newuidmap, newgidmap, users, groups };
  const problems: RootlessProblem[] = [];
  if (newuidmap === undefined || newgidmap === undefined)
    problems.push({ reason: 'newuidmap or newgidmap is not installed', fix: 'sudo apt-get install -y uidmap' });
  if (users === undefined || groups === undefined)
    problems.push({
      reason: `user ${names[0]} has no ${idsOfBox} subordinate ids in /etc/subuid and /etc/subgid`,
      fix: `sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 ${names[0]} (ids that no other line has)`,
    });
  return problems;
}

/** Whether this process is an ordinary user's, whose boxes then are without root. */
export function isRootless(): boolean {
  return process.geteuid?.() !== 0;
}

/** The ids of an ordinary user's boxes; undefined for root. `EngineError` that says what is missing. */
export async function needRootlessIds(): Promise<RootlessIds | undefined> {
  if (!isRootless()) return undefined;
  const found = await readRootlessIds();
  if ('users' in found) return found;
  const missing = found.map(({ reason, fix }) => `${reason}; run: ${fix}`).join('; ');
  throw new EngineError(`boxes without root: ${missing}`);
}

/** The arguments of the host program that say so; `folder` is that of the lock. */
export function rootlessArguments(
  { newuidmap, newgidmap, users, groups }: RootlessIds,
  mounts: string,
  folder: string,
): readonly string[] {
  return [
    ...['--newuidmap', newuidmap, '--newgidmap', newgidmap, '--mounts', mounts],
    ...['--users', `${users}`, '--groups', `${groups}`, '--ids', `${idsOfBox}`],
    ...['--namespace', `${folder}/namespace`],
  ];
}
