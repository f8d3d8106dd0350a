import type { MemoryBackend } from '../memory-backend.ts';
import type { GeneratedRequest } from './requests.ts';

/** Leaves one box with one execution, so that the next request finds something, and now and then nothing else. */
export async function tidied(backend: MemoryBackend, at: number): Promise<void> {
  if (at % 50 === 0 || backend.boxes[0]?.name !== 'a') {
    backend.forget();
    await backend.create({}, 'a');
  }
  backend.boxes.length = 1;
  const [box] = backend.boxes;
  if (!box) return;
  if (!box.started[0]) (await box.exec({ command: 'manual' })).push('stdout', 'x');
  box.started.length = 1;
  box.uploads.length = 0;
}

/** A generated request as one of the platform's; undefined where the platform itself refuses to make such a request. */
export function asRequest({ method, target, headers, body }: GeneratedRequest): Request | undefined {
  try {
    const bodied = body && method !== 'GET' && method !== 'HEAD' ? { body: new Uint8Array(body) } : {};
    return new Request(`http://server${target}`, { method, headers, ...bodied });
  } catch {
    return undefined;
  }
}
