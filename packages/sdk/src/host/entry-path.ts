import { InvalidArgumentError } from '../errors.ts';

/** An archive's entry name as path segments; anything that could lead out of the target is refused. */
export function entrySegments(name: string): string[] {
  const segments = name.split('/').filter((segment) => segment !== '' && segment !== '.');
  const { process } = globalThis as { process?: { platform?: string } };
  const foreign = process?.platform === 'win32' && /[\\:]/.test(name);
  if (name.startsWith('/') || segments.includes('..') || name.includes('\0') || name === '' || foreign) {
    throw new InvalidArgumentError(`refused an entry that leaves the target: ${JSON.stringify(name)}`);
  }
  return segments;
}

/**
 * Refuses a symbolic link that could lead out of `base`, the segments of what was copied. `..` may only come first:
 * after another segment, which may be a link itself, nobody knows where it leads.
 */
export function checkLinkTarget(link: readonly string[], target: string, base: readonly string[]): void {
  const parts = target.split('/').filter((part) => part !== '' && part !== '.');
  const up = parts.findIndex((part) => part !== '..');
  const climbs = up < 0 ? parts.length : up;
  const inside = link.slice(0, base.length).join('/') === base.join('/');
  const depth = link.length - 1 - base.length;
  if (!target.startsWith('/') && inside && climbs <= depth && !parts.slice(climbs).includes('..') && target !== '')
    return;
  throw new InvalidArgumentError(
    `refused the symbolic link ${JSON.stringify(link.join('/'))}: it points to ${JSON.stringify(target)}, outside of ` +
      'what is copied; copy with followSymlinks to get the content',
  );
}
