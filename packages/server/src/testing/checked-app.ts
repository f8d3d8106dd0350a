import type { App } from '../app.ts';
import { contractOf } from './answer-contract.ts';

/** Every answer so far in this process, as `operationId status`. */
export const answersSeen: Set<string> = new Set<string>();

/** An app that rejects where an answer is not what spec/openapi.yaml says of it; `basePath` is the app's. */
export function checkedApp(app: App, basePath: string): App {
  return {
    ...app,
    async fetch(request, upgrade) {
      const response = await app.fetch(request, upgrade);
      const path = new URL(request.url).pathname;
      // What answers who went away is nobody's to read; what is outside the API is in no operation.
      const inside = path.startsWith(`${basePath}/v1/`) || path.startsWith(`${basePath}/.well-known/`);
      if (response.status === 499 || request.method === 'OPTIONS' || !inside) return response;
      const json = /^application\/json\b/.test(response.headers.get('content-type') ?? '') && response.body !== null;
      // Everything else may be a stream, which is read as it comes and not here.
      const text = json ? await response.clone().text() : undefined;
      const { operationId, wrong } = contractOf(request.method, path.slice(basePath.length), response, text);
      if (operationId !== undefined) answersSeen.add(`${operationId} ${response.status}`);
      if (wrong === undefined) return response;
      throw new Error(
        `${request.method} ${path} (${operationId}) answered ${response.status} against the contract: ${wrong}`,
      );
    },
  };
}
