import { type App, type AppOptions, createApp } from '../app.ts';
import type { LogEntry } from '../log.ts';
import { checkedApp } from './checked-app.ts';
import { MemoryBackend } from './memory-backend.ts';

/** An app over a backend in memory, and a way to ask it with a good key. */
export interface TestServer {
  readonly app: App;
  readonly backend: MemoryBackend;
  readonly log: LogEntry[];
  /** Asks in process, with the key unless `authorization` is given. Objects as body go as JSON. */
  ask(method: string, path: string, init?: AskInit): Promise<Response>;
}

export interface AskInit {
  readonly json?: unknown;
  readonly body?: BodyInit;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The key of test servers. */
export const testKey = 'test-key';

/** Makes a test server; options win over its own. Every answer is held to spec/openapi.yaml. */
export function testServer(options: Partial<AppOptions> = {}): TestServer {
  const backend = new MemoryBackend();
  const log: LogEntry[] = [];
  const made = createApp(backend, {
    auth: { apiKeys: [{ key: testKey }], clients: [{ id: 'test-client', secret: 'test-secret' }] },
    log: (entry) => log.push(entry),
    ...options,
  });
  const app = checkedApp(made, (options.basePath ?? '').replace(/\/$/, ''));
  return {
    app,
    backend,
    log,
    ask(method, path, { json, body, headers } = {}) {
      const request = new Request(`http://server${path}`, {
        method,
        headers: {
          authorization: `Bearer ${testKey}`,
          ...(json !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(json !== undefined && { body: JSON.stringify(json) }),
        ...(body !== undefined && { body, duplex: 'half' }),
      });
      return app.fetch(request);
    },
  };
}
