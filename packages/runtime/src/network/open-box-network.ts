import { InternalError } from 'boxlite/backend';
import type { Host } from '../host/host.ts';
import type { BoxNetwork, BoxNetworkOptions, BoxNetworkPlace } from './box-network.ts';

/** Makes the namespace and starts the process. `AlreadyExistsError` naming a port that is taken, `InvalidArgumentError` naming a bad rule or port. */
export async function openBoxNetwork(
  _host: Host,
  _guestBinary: string,
  _options: BoxNetworkOptions,
): Promise<BoxNetwork> {
  throw new InternalError('not yet');
}

/** Takes over the network that a runtime before left running; undefined when there is none. */
export async function adoptBoxNetwork(_host: Host, _place: BoxNetworkPlace): Promise<BoxNetwork | undefined> {
  return undefined;
}

/** Ends a network that is left and removes its files; nothing there is fine. */
export async function removeBoxNetwork(_host: Host, _place: BoxNetworkPlace): Promise<void> {}
