import { ApiKeyCredential, BoxliteRestOptions, NotFoundError } from 'boxlite';
import type { GlobalOptions } from '../globals.ts';
import { UsageError } from '../usage.ts';
import { credentialsPath, readProfile } from './credentials-file.ts';

/**
 * The server that a command shall use; undefined for this machine. `--url` or the environment comes before a stored
 * profile; `BOXLITE_API_KEY` takes the place of its key alone. `NotFoundError` for a profile that was asked for by name.
 */
export async function serverOptions(options: GlobalOptions): Promise<BoxliteRestOptions | undefined> {
  const { url, pathPrefix, profile, home } = options;
  const prefix = pathPrefix !== undefined && { BOXLITE_REST_PATH_PREFIX: pathPrefix };
  if (url !== undefined && profile !== undefined && profile !== process.env['BOXLITE_PROFILE']) {
    throw new UsageError(
      `--profile ${profile} and ${url} of --url or BOXLITE_REST_URL are two servers: leave one of them out`,
    );
  }
  if (url !== undefined) return BoxliteRestOptions.fromEnv({ ...process.env, BOXLITE_REST_URL: url, ...prefix });
  const path = credentialsPath(home);
  const stored = await readProfile(path, profile ?? 'default');
  if (!stored) {
    if (profile === undefined) return undefined;
    throw new NotFoundError(
      `there is no profile ${profile} in ${path}; boxlite auth login --profile ${profile} makes it`,
    );
  }
  const key = process.env['BOXLITE_API_KEY'] || stored.apiKey;
  return {
    url: stored.url,
    pathPrefix: pathPrefix ?? stored.pathPrefix ?? '',
    ...(process.env['BOXLITE_REST_PLAIN_HTTP'] === '1' && { plainHttp: true }),
    ...(key !== undefined && { credential: new ApiKeyCredential(key) }),
  };
}
