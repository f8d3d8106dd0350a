import { once } from './once.ts';

/** Methods of a part that is loaded when the first of them is called: whoever does not use them does not load it. */
export function latePart<T extends Readonly<Record<K, (...args: never[]) => Promise<unknown>>>, const K extends string>(
  load: () => Promise<T>,
  ...names: readonly K[]
): Pick<T, K> {
  const part = once(load);
  const method = (name: K) => {
    return async (...args: never[]): Promise<unknown> => (await part())[name](...args);
  };
  return Object(Object.fromEntries(names.map((name) => [name, method(name)])));
}
