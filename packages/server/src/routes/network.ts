import { listNetworkEventsQuery, openTunnelQuery, streamTunnelQuery } from '@boxlite/api';
import { InvalidStateError, NotFoundError } from 'boxlite/backend';
import type { WatchPrincipal } from '../auth/credential-watch.ts';
import { defaultTenant } from '../auth/tenant.ts';
import { empty, json } from '../http/respond.ts';
import { readQuery } from '../http/validated.ts';
import { checkHandshake, noUpgrade } from '../terminal/handshake.ts';
import { dialGrant, type Tickets } from '../tunnel/tickets.ts';
import { type TunnelOptions, tunnel } from '../tunnel/tunnel.ts';
import { networkEventsToWire } from '../wire/network.ts';
import { present } from '../wire/present.ts';
import { pathBox, type Routes } from './route.ts';

/** The operations on the networks of boxes. */
export function networkRoutes(
  tickets: Tickets,
  options: Omit<TunnelOptions, 'generation'> & { readonly watch: WatchPrincipal },
): Routes<'listNetworkEvents' | 'openTunnel' | 'streamTunnel'> {
  return {
    async listNetworkEvents(call) {
      const query = readQuery(call.request, listNetworkEventsQuery);
      return json(200, networkEventsToWire(await (await pathBox(call)).networkEvents(present(query))));
    },
    async openTunnel(call) {
      const { port } = readQuery(call.request, openTunnelQuery);
      const box = await pathBox(call);
      const { network } = await box.info();
      if (network && (network.mode === 'none' || !network.inbound)) {
        throw new InvalidStateError(`box ${box.id} takes no connections; make one whose network is open inbound`);
      }
      const ticket = tickets.issue({ tenant: call.tenant, box: box.id, port, who: call.who });
      const { protocol, host } = new URL(call.request.url);
      // Clients of generation 2 name the whole authority in their CONNECT, and send no other credential.
      return json(200, { uri: `${protocol}//${ticket}@${host}`, ticket }, { 'cache-control': 'no-store' });
    },
    async streamTunnel(call) {
      checkHandshake(call.request.headers);
      const { upgrade, tenants, prefix, requestId, generation } = call;
      if (!upgrade) throw noUpgrade();
      const { port, ticket } = readQuery(call.request, streamTunnelQuery);
      const grant = tickets.redeem(ticket);
      // The ticket is the credential: what it does not grant is not there.
      const named = prefix === undefined || prefix === defaultTenant || prefix === grant.tenant;
      const own = { ...call, backend: tenants.backend(grant.tenant) };
      if (!named || grant.port !== port || (await pathBox(own)).id !== grant.box) {
        throw new NotFoundError('the ticket is for another tunnel; open one to this port of this box');
      }
      upgrade.accept = (socket) => {
        const { who } = grant;
        if (who)
          socket.once(
            'close',
            options.watch(who, () => socket.terminate()),
          );
        tunnel(socket, (signal) => dialGrant(tenants, grant, signal), requestId, { ...options, generation });
      };
      return empty(204);
    },
  };
}
