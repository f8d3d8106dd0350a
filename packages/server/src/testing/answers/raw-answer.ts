import { type AnswerCheck, type AnsweredRequest, answerCheck } from './answer.ts';
import { operationOf, within } from './contract.ts';
import { noteAnswer } from './records.ts';
import { whatIsWrongInText } from './schema.ts';

/** Takes the bytes that a server writes to a connection. */
export interface RawAnswer {
  push(bytes: Uint8Array): void;
  /** No more comes. */
  end(): void;
}

const maxHeadBytes = 64 * 1024;

/** Holds what a server writes in answer to an upgrade or a `CONNECT` to the contract: the HTTP answer, then the messages. */
export function rawAnswer(request: AnsweredRequest): RawAnswer {
  let head = Buffer.alloc(0);
  let check: AnswerCheck | undefined;
  let left = 0;
  let after: ((bytes: Uint8Array) => void) | undefined;

  function begin(text: string): void {
    const [first = '', ...lines] = text.split('\r\n');
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(first)?.[1]);
    const headers = new Headers(
      lines.map((line): [string, string] => [line.split(':')[0] ?? '', line.slice(line.indexOf(':') + 1)]),
    );
    check = answerCheck(request, status, headers);
    if (status === 101) after = messages(request);
    else if (request.method === 'CONNECT' && status === 200) after = () => {};
    left = after ? 0 : Number(headers.get('content-length') ?? 0);
    if (left === 0) check.end(true);
  }

  return {
    push(bytes) {
      if (after) return after(bytes);
      if (check) {
        check.push(bytes);
        left -= bytes.byteLength;
        if (left === 0) check.end(true);
        return;
      }
      head = Buffer.concat([head, bytes]);
      const at = head.indexOf('\r\n\r\n');
      if (at === -1) {
        if (head.byteLength > maxHeadBytes) noteAnswer(undefined, `${request.method}: a head without an end was sent`);
        return;
      }
      begin(head.toString('latin1', 0, at));
      const rest = head.subarray(at + 4);
      if (rest.byteLength > 0) this.push(rest);
    },
    end: () => check?.end(false),
  };
}

const opcodes = { continuation: 0, text: 1, binary: 2 } as const;

/** Frames of a server (RFC 6455, section 5.2), which have no mask: every text message is one of `x-websocket-messages`, by its `type`. */
function messages({ method, target }: AnsweredRequest): (bytes: Uint8Array) => void {
  const path = target.split('?')[0] ?? '';
  const operation = operationOf(method, path);
  const documented = operation && within(operation.operation, 'x-websocket-messages');
  const server = documented && within(documented, 'server');
  let held = Buffer.alloc(0);
  let skip = 0;

  function wrongInText(text: string): string | undefined {
    const type = /"type":"(\w+)"/.exec(text)?.[1] ?? '';
    const place = server && within(server, type);
    return place
      ? whatIsWrongInText(place, text)
      : `the contract has no message ${text.slice(0, 200)} (${server?.pointer})`;
  }

  return (bytes) => {
    held = Buffer.concat([held, bytes]);
    for (;;) {
      const skipped = Math.min(skip, held.byteLength);
      skip -= skipped;
      held = held.subarray(skipped);
      const [first, second] = held;
      if (skip > 0 || first === undefined || second === undefined) return;
      const short = second & 0x7f;
      const start = short < 126 ? 2 : short === 126 ? 4 : 10;
      if (held.byteLength < start) return;
      const length = short < 126 ? short : short === 126 ? held.readUInt16BE(2) : Number(held.readBigUInt64BE(2));
      const opcode = first & 0x0f;
      if (opcode !== opcodes.text && opcode !== opcodes.continuation) {
        held = held.subarray(start);
        skip = length;
        continue;
      }
      if (held.byteLength < start + length) return;
      const text = held.toString('utf8', start, start + length);
      held = held.subarray(start + length);
      const wrong =
        opcode === opcodes.text && first & 0x80 ? wrongInText(text) : `a message in pieces: ${text.slice(0, 200)}`;
      const said = `${method} ${path} (${operation?.id}) sent a message against the contract: ${wrong}`;
      noteAnswer(undefined, wrong === undefined ? undefined : said);
    }
  };
}
