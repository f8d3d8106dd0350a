import { signal } from '@preact/signals';

/** Where in the dashboard one is: the segments after `#/`. */
export const route = signal<readonly string[]>(parse(location.hash));

/** Follows the address from now on. */
export function followRoute(): void {
  addEventListener('hashchange', () => {
    route.value = parse(location.hash);
  });
}

/** The address of a place, for links. */
export function href(...segments: readonly string[]): string {
  return `#/${segments.map(encodeURIComponent).join('/')}`;
}

/** Goes to a place. */
export function go(...segments: readonly string[]): void {
  location.hash = href(...segments);
}

function parse(hash: string): readonly string[] {
  try {
    const segments = hash.replace(/^#\/?/, '').split('/').map(decodeURIComponent);
    return segments.filter((one) => one !== '');
  } catch {
    return [];
  }
}
