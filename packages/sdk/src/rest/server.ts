import { restBoxes } from './boxes.ts';
import { type Connection, connect } from './connection.ts';
import type { RestSettings } from './options.ts';

/** A server, as far as most programs use it: the connection, and the boxes with their commands. */
export function restServer(settings: RestSettings): {
  readonly connection: Connection;
  readonly boxes: ReturnType<typeof restBoxes>;
} {
  const connection = connect(settings);
  return { connection, boxes: restBoxes(connection) };
}
