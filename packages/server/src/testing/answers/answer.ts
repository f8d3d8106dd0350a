import { boxArchiveBody, tarBody } from './archive-body.ts';
import { type AnswerOfContract, type OperationAnswers, operationOf, type Place, within } from './contract.ts';
import { type BodyCheck, eventBody } from './event-body.ts';
import { fileBody } from './file-body.ts';
import { lineBody } from './line-body.ts';
import { noteAnswer } from './records.ts';
import { whatIsWrongInHeader, whatIsWrongInText } from './schema.ts';

/** An answer that is held to the contract while it is given. */
export interface AnswerCheck {
  push(bytes: Uint8Array): void;
  /** `whole` unless it was cut; twice is fine. */
  end(whole: boolean): void;
}

export interface AnsweredRequest {
  readonly method: string;
  /** With its query; only the path is looked at. */
  readonly target: string;
}

const errorShape: Place = { value: undefined, pointer: '#/components/schemas/ErrorResponse' };
const maxTextBytes = 8 * 1024 * 1024;

const bodies: Readonly<Record<string, (operation: OperationAnswers, headers: Headers) => BodyCheck>> = {
  'text/event-stream': eventBody,
  'application/x-ndjson': lineBody,
  'application/x-tar': tarBody,
  'application/octet-stream': ({ id }, headers) => (id === 'exportBox' ? boxArchiveBody() : fileBody(headers)),
};

/** Told once of each answer: which of which operation, and what was wrong with it, if anything. */
type Note = (answer: string | undefined, wrong: string | undefined) => void;

/** Holds an answer to what spec/openapi.yaml says of its operation: the status and headers now, the body as it comes. */
export function answerCheck(
  { method, target }: AnsweredRequest,
  status: number,
  headers: Headers,
  note: Note = noteAnswer,
): AnswerCheck {
  const path = target.split('?')[0] ?? '';
  const operation = operationOf(method, path);
  const name = operation?.id ?? 'no operation';
  const noted = operation && `${operation.id} ${status}`;
  const isHead = method === 'HEAD';
  let done = false;

  function finish(wrong: string | undefined): void {
    if (done) return;
    done = true;
    const said = `${method} ${path.slice(0, 200)} (${name}) answered ${status} against the contract: ${wrong}`;
    note(wrong === undefined ? noted : undefined, wrong === undefined ? undefined : said);
  }

  const answer = operation && within(operation.responses, `${status}`);
  const wrong = wrongInHead(operation, answer, status, headers);
  if (wrong !== undefined) finish(wrong);
  const body = bodyCheck(operation, answer, { status, headers, isHead });
  if (typeof body === 'string') finish(body);
  const check: BodyCheck = typeof body === 'string' ? nothing() : body;
  return {
    push(bytes) {
      if (done || bytes.byteLength === 0) return;
      const found = check.push(bytes);
      if (found !== undefined) finish(found);
    },
    end(whole) {
      if (!done) finish(check.end(whole));
    },
  };
}

function wrongInHead(
  operation: OperationAnswers | undefined,
  answer: Place<AnswerOfContract> | undefined,
  status: number,
  headers: Headers,
): string | undefined {
  if (headers.get('x-request-id') === null) return 'there is no X-Request-Id';
  if (!operation) return undefined;
  if (!answer) return `the contract has no ${status} for ${operation.id} (${operation.responses.pointer})`;
  const documented = within(answer, 'headers');
  if (status === 101 && headers.has('sec-websocket-protocol')) return 'a subprotocol is chosen, and there is none';
  for (const header of Object.keys(documented?.value ?? {})) {
    const place = documented && within(documented, header);
    const value = headers.get(header);
    if (!place) continue;
    if (value === null && place.value.required) return `there is no ${header} (${place.pointer})`;
    const schema = within({ value: Object(place.value), pointer: place.pointer }, 'schema');
    const wrong = value === null || !schema ? undefined : whatIsWrongInHeader(schema, value);
    if (wrong !== undefined) return `${header}: ${wrong}`;
  }
  return undefined;
}

interface Head {
  readonly status: number;
  readonly headers: Headers;
  readonly isHead: boolean;
}

/** What holds the body, or what is wrong with its kind. */
function bodyCheck(
  operation: OperationAnswers | undefined,
  answer: Place<AnswerOfContract> | undefined,
  { status, headers, isHead }: Head,
): BodyCheck | string {
  const type = headers.get('content-type')?.split(';')[0] ?? '';
  // HEAD is answered as GET, without a body; what it lacks is then no fault.
  if (isHead || status === 101) return nothing();
  if (!operation) return type === 'application/json' && status >= 400 ? textBody(errorShape) : anything();
  const contents = answer && within(answer, 'content');
  if (!contents) return nothing();
  const content = within(contents, type);
  if (!content) return `the content type is ${type || 'none'} (${contents.pointer})`;
  const made = bodies[type]?.(operation, headers);
  const schema = within({ value: Object(content.value), pointer: content.pointer }, 'schema');
  return made ?? (schema ? textBody(schema) : anything());
}

function textBody(schema: Place): BodyCheck {
  const pieces: Uint8Array[] = [];
  let length = 0;
  return {
    push(bytes) {
      pieces.push(bytes.slice());
      length += bytes.byteLength;
      return length > maxTextBytes ? `the body has more than ${maxTextBytes} bytes` : undefined;
    },
    end: (whole) => (whole ? whatIsWrongInText(schema, Buffer.concat(pieces).toString()) : undefined),
  };
}

function nothing(): BodyCheck {
  return { push: () => 'there is a body, and must not be one', end: () => undefined };
}

function anything(): BodyCheck {
  return { push: () => undefined, end: () => undefined };
}
