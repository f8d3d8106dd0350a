import type { ExecutionBackend } from 'boxlite/backend';
import { attach } from '../attach/attach.ts';
import { attachments } from '../attach/attachments.ts';
import { HttpError } from '../http/http-error.ts';
import { empty } from '../http/respond.ts';
import { checkHandshake } from '../terminal/handshake.ts';
import type { TerminalOptions } from '../terminal/terminal.ts';
import { pathBox, pathExecution, type RestCall, type Routes } from './route.ts';

/** Attaching to executions, one client at a time. Who may attach is settled before the handshake, in HTTP. */
export function attachRoutes(options: TerminalOptions): Routes<'attachExecution' | 'attachBox'> {
  const slots = attachments();

  function accepted(call: RestCall, id: string, execution: ExecutionBackend | Promise<ExecutionBackend>): Response {
    const { upgrade, requestId } = call;
    if (!upgrade) throw new HttpError(426, 'InvalidArgumentError', 'this connection cannot become a WebSocket');
    const attachment = slots.claim(id);
    upgrade.accept = (socket) => attach(socket, execution, attachment, requestId, options);
    upgrade.abandon = () => attachment.release();
    upgrade.headers = { 'x-boxlite-execution-id': id };
    return empty(204);
  }

  return {
    async attachExecution(call) {
      checkHandshake(call.request.headers);
      const execution = await pathExecution(call);
      return accepted(call, execution.id, execution);
    },

    async attachBox(call) {
      checkHandshake(call.request.headers);
      const { id, started } = await (await pathBox(call)).main();
      // Nobody may be there any more when it fails to start.
      started.catch(() => {});
      return accepted(call, id, started);
    },
  };
}
