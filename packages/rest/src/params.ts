/** A value with one obvious spelling in a query string; dates are ISO 8601, `undefined` leaves the parameter out. */
export type ParamValue = string | number | bigint | boolean | Date | undefined;

/** Parameters by name; a list repeats the key, once an item. */
export type QueryParams = Readonly<Record<string, ParamValue | readonly ParamValue[]>>;

/** Something that goes by a number or by a name (a path such as `group/project`): a hole of `path` takes either. */
export type NameOrId = string | number | bigint;

/** `commaSeparated(['a', 'b'])` is `a,b`; an empty list is left out. Throws a TypeError for an item with a comma in it. */
export function commaSeparated(values: Iterable<string | number | bigint>): string | undefined {
  const items = [...values].map(String);
  if (items.some((item) => item.includes(','))) throw new TypeError(`comma in an item of ${JSON.stringify(items)}`);
  return items.join(',') || undefined;
}

/** The parameter `nameKey` for a string, `idKey` for a number: `nameOrId(7, 'author_username', 'author_id')`. */
export function nameOrId(value: NameOrId | undefined, nameKey: string, idKey: string): QueryParams {
  return { [typeof value === 'string' ? nameKey : idKey]: value };
}

/** Appends every parameter that is not `undefined`. */
export function appendParams(target: URLSearchParams, params: QueryParams = {}): void {
  for (const [key, value] of Object.entries(params)) {
    for (const item of [value].flat()) {
      if (item !== undefined) target.append(key, item instanceof Date ? item.toISOString() : String(item));
    }
  }
}
