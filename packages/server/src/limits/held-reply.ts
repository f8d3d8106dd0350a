import type { Reply } from '../http/reply.ts';
import type { UpgradeSlot } from '../terminal/upgrade-slot.ts';

/** What lasts as long as a request. */
export interface Holding {
  /** Called once it is over; twice is fine. */
  readonly over: () => void;
  /** Begins to look whether it may go on, and calls `cut` when it may not; what it gives ends the looking. */
  readonly watch: (cut: () => void) => () => void;
}

/** Ends what holds a request once it is answered in full: its body read or dropped, its WebSocket closed. Gives the answer to send. */
export function heldReply(reply: Reply, upgrade: UpgradeSlot | undefined, { over, watch }: Holding): Reply {
  const { accept, abandon } = upgrade ?? {};
  if (upgrade && accept) {
    upgrade.accept = (socket) => {
      // Not closed: a client that does not answer would go on.
      socket.once(
        'close',
        watch(() => socket.terminate()),
      );
      socket.once('close', over);
      accept(socket);
    };
    upgrade.abandon = () => {
      over();
      abandon?.();
    };
    return reply;
  }
  const { body } = reply;
  if (body === null || typeof body === 'string') {
    over();
    return reply;
  }
  return { ...reply, body: watched(body, { over, watch }) };
}

function watched(body: ReadableStream<Uint8Array>, { over, watch }: Holding): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  let unwatch = (): void => {};
  const end = (): void => {
    unwatch();
    over();
  };
  return new ReadableStream(
    {
      start(controller) {
        unwatch = watch(() => {
          const reason = new Error('the credential is no longer good');
          end();
          controller.error(reason);
          reader.cancel(reason).catch(() => {});
        });
      },
      async pull(controller) {
        try {
          const { done, value } = await reader.read();
          if (!done) return controller.enqueue(value);
          end();
          controller.close();
        } catch (error) {
          end();
          throw error;
        }
      },
      cancel(reason) {
        end();
        return reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}
