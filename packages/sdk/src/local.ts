import type { RuntimeBackend } from './backend/backend.ts';
import type { BoxliteOptions, LocalRuntimeModule } from './backend/local-options.ts';
import { UnsupportedError } from './errors.ts';

/** Opens the runtime of this machine; `UnsupportedError` where `@boxlite/runtime` is not installed. */
export async function openLocal(options: BoxliteOptions = {}): Promise<RuntimeBackend> {
  refuseOlderNode();
  // A name in a variable: the SDK runs without the runtime, and no bundler may follow it.
  const name: string = '@boxlite/runtime';
  let runtime: LocalRuntimeModule;
  try {
    runtime = await import(/* @vite-ignore */ /* webpackIgnore: true */ name);
  } catch (cause) {
    if (!isMissing(cause, name)) throw cause;
    throw new UnsupportedError(`local boxes need ${name}: npm install ${name}, or use Boxlite.rest`, { cause });
  }
  return runtime.openLocal(options);
}

// The runtime needs zstd in node:zlib, and a node:sqlite that is there without a flag and knows `?1`.
function refuseOlderNode(): void {
  const { process } = globalThis as { process?: { versions?: { node?: string } } };
  const [major = 0, minor = 0] = (process?.versions?.node ?? '99').split('.').map(Number);
  if (major > 22 || (major === 22 && minor >= 20)) return;
  throw new UnsupportedError(`local boxes need Node 22.20 or newer, and this is ${process?.versions?.node}`);
}

// Node, Deno and Bun give a code; a browser says by a TypeError that it knows no such name.
function isMissing(error: unknown, name: string): boolean {
  const { code, message } = Object(error);
  const telling = code === 'ERR_MODULE_NOT_FOUND' || (code === undefined && error instanceof TypeError);
  return telling && String(message).includes(name);
}
