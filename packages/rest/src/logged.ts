import { type Client, decorate } from './client.ts';

/** One request that was sent, and what became of it. */
export interface LogEntry {
  /** The HTTP method. */
  readonly method: string;
  /** Without parameters, which may hold secrets. */
  readonly url: string;
  /** Until the headers of the response came, or the failure. */
  readonly durationMs: number;
  /** Undefined when there was no response. */
  readonly status: number | undefined;
  /** The `x-request-id` of the response. */
  readonly requestId: string | undefined;
  /** Why there was no response. */
  readonly error: unknown;
}

/** Tells `log` of every request once it is answered or has failed. @default now Date.now */
export function logged(client: Client, log: (entry: LogEntry) => void, now: () => number = Date.now): Client {
  return decorate(client, async (request) => {
    const { method } = request;
    const [url = ''] = request.url.split('?');
    const startedMs = now();
    let response: Response | undefined;
    let error: unknown;
    try {
      response = await client.send(request);
      return response;
    } catch (failure) {
      error = failure;
      throw failure;
    } finally {
      const requestId = response?.headers.get('x-request-id') ?? undefined;
      log({ method, url, durationMs: now() - startedMs, status: response?.status, requestId, error });
    }
  });
}
