import { bytesOf } from '../kit.ts';
import { member, same } from '../outcome.ts';
import type { Requirement } from '../requirement.ts';

const octets = { 'content-type': 'application/octet-stream' };
const closing = { ...octets, 'x-close-stdin': 'true' };

/** Input by requests. */
export const inputRequirements: readonly Requirement[] = [
  {
    id: 'input.append',
    text: 'bodies are appended to stdin in the order of their answers, and X-Close-Stdin ends it',
    clause: 'sendExecutionInput',
    async check({ send, box, shell, events }) {
      const execution = await shell(await box(), 'cat');
      (await send('POST', `${execution}/input`, { body: 'one ', headers: octets })).is(204);
      (await send('POST', `${execution}/input`, { body: 'two', headers: octets })).is(204);
      (await send('POST', `${execution}/input`, { body: '', headers: closing })).is(204);
      same(bytesOf(await events(execution), 'stdout').toString(), 'one two', 'stdout');
    },
  },
  {
    id: 'input.bytes',
    text: 'a MiB of bytes arrives whole, with the end in the same request',
    clause: 'sendExecutionInput',
    async check({ send, box, shell, events }) {
      const execution = await shell(await box(), 'wc -c');
      const body = new Uint8Array(1024 * 1024).map((_, at) => at * 7);
      (await send('POST', `${execution}/input`, { body, headers: closing })).is(204);
      same(
        bytesOf(await events(execution), 'stdout')
          .toString()
          .trim(),
        '1048576',
        'what wc -c says',
      );
    },
  },
  {
    id: 'input.closed',
    text: 'input after the end of stdin, or of the command, is 409 InvalidStateError',
    clause: 'sendExecutionInput',
    async check({ send, box, shell, ended }) {
      const id = await box();
      const open = await shell(id, 'cat; sleep 1000');
      (await send('POST', `${open}/input`, { body: '', headers: closing })).is(204);
      const over = await shell(id, 'true');
      await ended(over);
      for (const execution of [open, over]) {
        const answer = (await send('POST', `${execution}/input`, { body: 'late', headers: octets })).is(409);
        same(member(answer.json(), 'error', 'type'), 'InvalidStateError', 'error.type');
      }
    },
  },
  {
    id: 'input.media-type',
    text: 'input of another content type is 415',
    clause: 'sendExecutionInput',
    async check({ send, box, shell }) {
      const execution = await shell(await box(), 'cat');
      (await send('POST', `${execution}/input`, { json: { data: 'x' } })).is(415);
    },
  },
];
