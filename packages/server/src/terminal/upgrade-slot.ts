import type { WebSocket } from 'ws';

/** Where a route leaves what shall happen with the WebSocket, once the handshake is done. */
export interface UpgradeSlot {
  /** Takes the open WebSocket. */
  accept?: (socket: WebSocket) => void;
  /** Called instead when the client left before the handshake. */
  abandon?: () => void;
}
