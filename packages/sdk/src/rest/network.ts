import { listNetworkEvents, listNetworkEventsResponse, type NetworkEvent as NetworkEventWire } from '@boxlite/api';
import { query } from '@boxlite/rest';
import type { BoxBackend } from '../backend/backend.ts';
import type { NetworkEvent } from '../backend/network.ts';
import { InternalError } from '../errors.ts';
import type { Connection } from './connection.ts';
import { restTunnel } from './tunnel.ts';

/** The network of a box on a server. */
export function restNetwork(connection: Connection, box: string): Pick<BoxBackend, 'networkEvents' | 'connect'> {
  return {
    async networkEvents({ after } = {}, call = {}) {
      const asked = query(listNetworkEvents({ box, after }), listNetworkEventsResponse);
      return (await connection.send(asked, call)).events.map(networkEvent);
    },
    connect: (port, call) => restTunnel(connection, box, port, call),
  };
}

/** Something that a box's network refused. */
function networkEvent(event: NetworkEventWire): NetworkEvent {
  const at = new Date(event.at);
  if (Number.isNaN(at.getTime())) {
    throw new InternalError(`the server's answer has a network event at ${event.at}, which is no date`);
  }
  const { sequence, kind, protocol, address, port, name, reason, remedy, count } = event;
  return {
    sequence,
    at,
    kind,
    protocol,
    address: address ?? undefined,
    port: port ?? undefined,
    name: name ?? undefined,
    reason,
    remedy,
    count,
  };
}
