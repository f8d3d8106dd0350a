import type { App } from '../app.ts';
import { asResponse, type Reply } from '../http/reply.ts';
import { type AnswerCheck, answerCheck } from './answers/answer.ts';
import { records } from './answers/records.ts';

/** An app that rejects where an answer is not what spec/openapi.yaml says of it; `basePath` is the app's. */
export function checkedApp(app: App, basePath: string): App {
  async function checked(...[request, upgrade]: Parameters<App['reply']>): Promise<Reply> {
    const reply = await app.reply(request, upgrade);
    const path = new URL(request.url).pathname;
    // What answers who went away is nobody's to read; what is outside the API is in no operation; an upgrade is answered elsewhere.
    const inside = path.startsWith(`${basePath}/v1/`) || path.startsWith(`${basePath}/.well-known/`);
    const { status, headers, body } = reply;
    if (status === 499 || request.method === 'OPTIONS' || !inside || upgrade?.accept) return reply;
    let wrong: string | undefined;
    const throwWrong = (): void => {
      if (wrong !== undefined) throw new Error(wrong);
    };
    const asked = { method: request.method, target: path.slice(basePath.length) };
    const check = answerCheck(asked, status, new Headers(headers), (answer, found) => {
      wrong = found;
      if (answer !== undefined) records.seen.add(answer);
    });
    throwWrong();
    if (body instanceof ReadableStream) return { ...reply, body: passed(body, check, throwWrong) };
    if (body !== null) check.push(Buffer.from(body));
    check.end(true);
    throwWrong();
    return reply;
  }
  return { ...app, fetch: async (request, upgrade) => asResponse(await checked(request, upgrade)), reply: checked };
}

/** A stream, read no sooner than it is wanted. */
function passed(
  body: ReadableStream<Uint8Array>,
  check: AnswerCheck,
  throwWrong: () => void,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream(
    {
      async pull(controller) {
        const { done, value } = await reader.read();
        if (done) check.end(true);
        else check.push(value);
        throwWrong();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}
