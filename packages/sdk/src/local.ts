import type { RuntimeBackend } from './backend/backend.ts';
import type { BoxliteOptions, LocalRuntimeModule } from './backend/local-options.ts';
import { UnsupportedError } from './errors.ts';

/** Opens the runtime of this machine; `UnsupportedError` where `@boxlite/runtime` is not installed. */
export async function openLocal(options: BoxliteOptions = {}): Promise<RuntimeBackend> {
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

function isMissing(error: unknown, name: string): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    error.code === 'ERR_MODULE_NOT_FOUND' &&
    error.message.includes(`'${name}'`)
  );
}
