import { type Client, decorate } from './client.ts';

/** Sends every request on behalf of a user; an endpoint that names one itself wins. @default header 'sudo' */
export function impersonating(client: Client, user: string | number, header = 'sudo'): Client {
  return decorate(client, (request) => {
    if (!request.headers.has(header)) request.headers.set(header, `${user}`);
    return client.send(request);
  });
}
