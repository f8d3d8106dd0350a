import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readTar, type TarEntry } from '../../packages/runtime/src/tar/reader.ts';
import { type TarWriteEntry, tarEnd, tarEntry } from '../../packages/runtime/src/tar/writer.ts';

/** Something in a tree of files, with its content. */
export interface TreeNode {
  readonly entry: TarWriteEntry;
  readonly content: Uint8Array;
}

/** Files by path, without a slash at either end; the root is not among them. */
export type Tree = Map<string, TreeNode>;

/** Folders that are links into `usr` on a merged system, whatever a package says. */
const merged = /^(bin|sbin|lib|lib32|lib64|libx32)(?=\/|$)/;

/** The path as it is where `/bin` and its like are links into `/usr`. */
export function mergedPath(path: string): string {
  const plain = path
    .replace(/^(\.?\/)+/, '')
    .replace(/^\.$/, '')
    .replace(/\/$/, '');
  return plain.replace(merged, 'usr/$1');
}

/** Puts the files of a `.deb` into a tree; its scripts do not run. What is left out is under `skip`. */
export async function addPackage(tree: Tree, file: string, skip: RegExp): Promise<void> {
  const child = spawn('dpkg-deb', ['--fsys-tarfile', file], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  for await (const { body, ...entry } of readTar(child.stdout)) {
    const path = mergedPath(entry.path);
    if (path === '' || skip.test(path)) continue;
    const content = Buffer.concat(await Array.fromAsync(body));
    const known = tree.get(path);
    // A directory that several packages have, one of them perhaps as the link that it is.
    if (known !== undefined && entry.type === 'directory') continue;
    tree.set(path, { entry: { ...entry, path, ...linked(entry) }, content });
  }
  const [code] = await ended;
  if (code !== 0) throw new Error(`dpkg-deb could not read ${file}: exit ${code}`);
}

function linked(entry: TarEntry): { readonly linkPath?: string } {
  return entry.type === 'hardlink' ? { linkPath: mergedPath(entry.linkPath) } : {};
}

/** A file with a text, root's. */
export function textFile(path: string, text: string, mode = 0o644): TreeNode {
  return { entry: { path, mode }, content: Buffer.from(text) };
}

/** A symlink. */
export function linkTo(path: string, linkPath: string): TreeNode {
  return { entry: { path, type: 'symlink', mode: 0o777, linkPath }, content: new Uint8Array(0) };
}

/** A directory. */
export function folder(path: string, more: Partial<TarWriteEntry> = {}): TreeNode {
  return { entry: { path, type: 'directory', mode: 0o755, ...more }, content: new Uint8Array(0) };
}

/** A tar of a tree, parents first and sorted; hard links stand after what they link to. */
export function* treeArchive(tree: Tree): Generator<Uint8Array> {
  const sorted = [...tree.entries()].sort(([a], [b]) => (a < b ? -1 : 1));
  const late = sorted.filter(([, { entry }]) => entry.type === 'hardlink');
  for (const [path, { entry, content }] of [...sorted.filter((each) => !late.includes(each)), ...late]) {
    yield tarEntry({ ...entry, path: entry.type === 'directory' ? `${path}/` : path }, content);
  }
  yield tarEnd;
}
