import type { UpgradeSlot } from '../terminal/upgrade-slot.ts';

/** Calls `over` once a request is answered in full: its body read or dropped, its WebSocket closed. Gives the response to send. */
export function heldResponse(response: Response, upgrade: UpgradeSlot | undefined, over: () => void): Response {
  const { accept, abandon } = upgrade ?? {};
  if (upgrade && accept) {
    upgrade.accept = (socket) => {
      socket.once('close', over);
      accept(socket);
    };
    upgrade.abandon = () => {
      over();
      abandon?.();
    };
    return response;
  }
  // What has a length is in memory as a whole.
  if (response.body === null || response.headers.has('content-length')) {
    over();
    return response;
  }
  const { status, headers } = response;
  return new Response(watched(response.body, over), { status, headers });
}

function watched(body: ReadableStream<Uint8Array>, over: () => void): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read();
          if (!done) return controller.enqueue(value);
          over();
          controller.close();
        } catch (error) {
          over();
          throw error;
        }
      },
      cancel(reason) {
        over();
        return reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}
