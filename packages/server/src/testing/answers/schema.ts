import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { document, type Place } from './contract.ts';

const ajv = new Ajv2020({ strict: false, allErrors: true, verbose: false });
ajv.addFormat('date-time', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/);
ajv.addFormat('uri-reference', /^[!-~]*$/);
ajv.addSchema({ $id: 'contract:', ...document });
const known = new Map<string, ValidateFunction>();

/** What is wrong with a value by the schema at a place of the contract, with the path of each rule; undefined for nothing. */
export function whatIsWrong({ pointer }: Place, value: unknown): string | undefined {
  const validate = known.get(pointer) ?? ajv.compile({ $ref: `contract:${encodeURI(pointer)}` });
  known.set(pointer, validate);
  if (validate(value)) return undefined;
  const said = (validate.errors ?? [])
    .slice(0, 5)
    .map((error) => describe(error, pointer))
    .join('; ');
  return `${said}: ${JSON.stringify(value)?.slice(0, 500)}`;
}

/** The same for a text that must be JSON. */
export function whatIsWrongInText(place: Place, text: string): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return `this is not JSON: ${text.slice(0, 200)}`;
  }
  return whatIsWrong(place, value);
}

/** The same for the value of a header: digits are a number where the schema wants one. */
export function whatIsWrongInHeader(place: Place<{ readonly type?: unknown }>, text: string): string | undefined {
  const numeric = place.value.type === 'integer' && /^\d+$/.test(text);
  return whatIsWrong(place, numeric ? Number(text) : text);
}

function describe({ instancePath, message, schemaPath }: ErrorObject, pointer: string): string {
  // A path from the schema itself, or from the document's root.
  const rule =
    schemaPath.startsWith('#/$ref') || /^#\/\w+$/.test(schemaPath) ? pointer + schemaPath.slice(1) : schemaPath;
  return `${instancePath || 'it'} ${message} (${rule.replace(/^contract:/, '')})`;
}
