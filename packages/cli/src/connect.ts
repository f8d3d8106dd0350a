import { type Box, Boxlite, NotFoundError } from 'boxlite';
import type { BoxliteOptions, CallOptions, ImageRegistryOptions } from 'boxlite/backend';
import type { Command } from 'commander';
import { type GlobalOptions, globalOptions } from './globals.ts';
import { serverOptions } from './profile/server.ts';
import { UsageError } from './usage.ts';

async function openRuntime(options: GlobalOptions): Promise<Boxlite> {
  const server = await serverOptions(options);
  refuseIdle(options, server !== undefined);
  return server ? Boxlite.rest(server) : Boxlite.local(localOptions(options));
}

/** Refuses a flag that would change nothing: one for the other of this machine and a server. */
function refuseIdle({ registries, pathPrefix }: GlobalOptions, onServer: boolean): void {
  if (onServer && registries.length > 0) {
    throw new UsageError(
      '--registry is for the boxes of this machine, and this is a server: leave it out, or give it to serve',
    );
  }
  if (!onServer && pathPrefix !== undefined && pathPrefix !== process.env['BOXLITE_REST_PATH_PREFIX']) {
    throw new UsageError('--path-prefix names a tenant of a server: give --url as well, or boxlite auth login');
  }
}

/** Runs `work` with the runtime that a command's options name, and lets go of it afterwards. */
export async function withRuntime<T>(command: Command, work: (runtime: Boxlite) => Promise<T>): Promise<T> {
  await using runtime = await openRuntime(globalOptions(command));
  return await work(runtime);
}

/** The box of that id or name; `NotFoundError` with the next step when there is none. */
export async function existingBox(runtime: Boxlite, idOrName: string, call: CallOptions = {}): Promise<Box> {
  const box = await runtime.get(idOrName, call);
  if (!box) throw new NotFoundError(`box not found: ${idOrName}; boxlite list -a shows the boxes there are`);
  return box;
}

/** Options of the local runtime. */
export function localOptions(options: GlobalOptions): BoxliteOptions {
  return {
    ...(options.home !== undefined && { homeDir: options.home }),
    ...(options.registries.length > 0 && { imageRegistries: options.registries.map(registry) }),
  };
}

function registry(name: string): ImageRegistryOptions {
  const match = /^(?:(https?):\/\/)?([^/]+)\/?$/.exec(name);
  const host = match?.[2] ?? name;
  return { host, transport: match?.[1] === 'http' ? 'http' : 'https', search: true };
}
