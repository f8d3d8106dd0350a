import { execTtyQuery } from '@boxlite/api';
import { empty } from '../http/respond.ts';
import { readQuery } from '../http/validated.ts';
import type { ConversationOptions } from '../terminal/conversation.ts';
import { checkHandshake, noUpgrade } from '../terminal/handshake.ts';
import { hangUp, terminal } from '../terminal/terminal.ts';
import { pathBox, type Routes } from './route.ts';

/** The WebSocket terminal. The command starts before the handshake, so that what fails is a proper HTTP answer. */
export function terminalRoutes(options: ConversationOptions): Routes<'execTty'> {
  return {
    async execTty(call) {
      checkHandshake(call.request.headers);
      const { upgrade } = call;
      if (!upgrade) throw noUpgrade();
      const { command = 'bash', args = [], cols = 80, rows = 24 } = readQuery(call.request, execTtyQuery);
      const box = await pathBox(call);
      // `args=` alone, as some clients send it, is no argument.
      const given = args.length === 1 && args[0] === '' ? [] : args;
      const execution = await box.exec({ command, args: given, tty: true, size: { cols, rows } });
      upgrade.accept = (socket) => terminal(socket, execution, call.requestId, options);
      upgrade.abandon = () => hangUp(execution);
      return empty(204);
    },
  };
}
