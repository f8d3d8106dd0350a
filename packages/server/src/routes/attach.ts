import { type BoxBackend, type ExecutionBackend, NotFoundError } from 'boxlite/backend';
import { attach } from '../attach/attach.ts';
import { attachments } from '../attach/attachments.ts';
import type { Reply } from '../http/reply.ts';
import { empty } from '../http/respond.ts';
import { hasExecution } from '../idempotency/executions.ts';
import type { ConversationOptions } from '../terminal/conversation.ts';
import { checkHandshake, noUpgrade } from '../terminal/handshake.ts';
import { executionOf, pathBox, type RestCall, type Routes } from './route.ts';

/** Attaching to executions, one client at a time, and removing them. Who may attach is settled before the handshake, in HTTP. */
export function attachRoutes(
  options: ConversationOptions,
): Routes<'attachExecution' | 'attachBox' | 'removeExecution'> {
  const slots = attachments();
  const slotOf = (box: BoxBackend, execution: string): string => `${box.id}/${execution}`;

  async function attachable(box: BoxBackend, call: RestCall): Promise<ExecutionBackend> {
    try {
      return await executionOf(box, call);
    } catch (error) {
      const late = slots.late(slotOf(box, call.params['execution_id'] ?? ''));
      if (late && error instanceof NotFoundError) return late;
      throw error;
    }
  }

  function accepted(
    call: RestCall,
    box: BoxBackend,
    id: string,
    execution: ExecutionBackend | Promise<ExecutionBackend>,
  ): Reply {
    const { upgrade, requestId } = call;
    if (!upgrade) throw noUpgrade();
    const attachment = slots.claim(slotOf(box, id));
    upgrade.accept = (socket) => attach(socket, execution, attachment, requestId, options);
    upgrade.abandon = () => attachment.release();
    return empty(204, { 'x-boxlite-execution-id': id });
  }

  return {
    async attachExecution(call) {
      checkHandshake(call.request.headers);
      const box = await pathBox(call);
      const execution = await attachable(box, call);
      return accepted(call, box, execution.id, execution);
    },

    async attachBox(call) {
      checkHandshake(call.request.headers);
      const box = await pathBox(call);
      const { id, started } = await box.main();
      // Nobody may be there any more when it fails to start.
      started.catch(() => {});
      return accepted(call, box, id, started);
    },

    async removeExecution(call) {
      const { attempt } = call;
      const box = await pathBox(call);
      // Removed by the try before: no id is given twice.
      if (attempt?.former && !(await hasExecution(box, attempt.former.id ?? ''))) return empty(204);
      const execution = await executionOf(box, call);
      attempt?.noteRemoval({ id: execution.id });
      await execution.remove();
      slots.removed(slotOf(box, execution.id), execution);
      return empty(204);
    },
  };
}
