import type { App } from '../app.ts';
import { asResponse, type Reply } from '../http/reply.ts';
import { contractOf } from './answer-contract.ts';

/** Every answer so far in this process, as `operationId status`. */
export const answersSeen: Set<string> = new Set<string>();

/** An app that rejects where an answer is not what spec/openapi.yaml says of it; `basePath` is the app's. */
export function checkedApp(app: App, basePath: string): App {
  async function checked(...[request, upgrade]: Parameters<App['reply']>): Promise<Reply> {
    const reply = await app.reply(request, upgrade);
    const path = new URL(request.url).pathname;
    // What answers who went away is nobody's to read; what is outside the API is in no operation.
    const inside = path.startsWith(`${basePath}/v1/`) || path.startsWith(`${basePath}/.well-known/`);
    if (reply.status === 499 || request.method === 'OPTIONS' || !inside) return reply;
    // Everything else may be a stream, which is read as it comes and not here.
    const text = typeof reply.body === 'string' ? reply.body : undefined;
    const { operationId, wrong } = contractOf(request.method, path.slice(basePath.length), reply, text);
    if (operationId !== undefined) answersSeen.add(`${operationId} ${reply.status}`);
    if (wrong === undefined) return reply;
    throw new Error(
      `${request.method} ${path} (${operationId}) answered ${reply.status} against the contract: ${wrong}`,
    );
  }
  return { ...app, fetch: async (request, upgrade) => asResponse(await checked(request, upgrade)), reply: checked };
}
