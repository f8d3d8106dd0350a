// Where an example's boxes live: on a server, or with --local on this machine.
import process from 'node:process';
import { Boxlite, ClientCredentials } from 'boxlite';

/** The image that every BoxLite has without a registry. */
export const image = 'boxlite/base:latest';

/** Boxes of this machine with `--local`, else those of the server at BOXLITE_REST_URL, such as `boxlite serve --dev`. */
export async function openRuntime(): Promise<Boxlite> {
  if (process.argv.includes('--local')) return Boxlite.local();
  return Boxlite.rest({
    url: process.env['BOXLITE_REST_URL'] ?? 'http://localhost:8100',
    credential: new ClientCredentials({
      clientId: process.env['BOXLITE_REST_CLIENT_ID'] ?? 'test-client',
      clientSecret: process.env['BOXLITE_REST_CLIENT_SECRET'] ?? 'test-secret',
    }),
  });
}
