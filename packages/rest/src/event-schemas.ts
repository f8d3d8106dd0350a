import type { StandardSchemaV1 } from '@standard-schema/spec';

/** One event of a stream. */
export interface ServerEvent<out T = unknown, out N extends string = string> {
  /** The id that the event itself bore. */
  readonly id: string | undefined;
  /** @default 'message' */
  readonly name: N;
  /** Parsed from JSON, and checked by the schema. */
  readonly data: T;
}

/** One schema for the data of all events, or a schema by name; an event of a name not listed is then passed over. */
export type EventSchemas = StandardSchemaV1 | Readonly<Record<string, StandardSchemaV1>>;

/** The event that schemas describe; with schemas by name, a union told apart by `name`. */
export type EventOf<S extends EventSchemas> = S extends StandardSchemaV1
  ? ServerEvent<StandardSchemaV1.InferOutput<S>>
  : {
      [N in keyof S & string]: S[N] extends StandardSchemaV1
        ? ServerEvent<StandardSchemaV1.InferOutput<S[N]>, N>
        : never;
    }[keyof S & string];

/** The schema for the data of events of a name; undefined when they are passed over. */
export function schemaFor(schemas: EventSchemas, name: string): StandardSchemaV1 | undefined {
  if (isSchema(schemas)) return schemas;
  return Object.hasOwn(schemas, name) ? schemas[name] : undefined;
}

function isSchema(schemas: EventSchemas): schemas is StandardSchemaV1 {
  return '~standard' in schemas;
}
