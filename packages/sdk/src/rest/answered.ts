import type { Client } from '@boxlite/rest';

/** The client whose first request has been answered already. */
export function answered(client: Client, response: Response | undefined): Client {
  let first = response;
  return {
    ...client,
    async send(request) {
      const given = first;
      first = undefined;
      return given ?? client.send(request);
    },
  };
}
