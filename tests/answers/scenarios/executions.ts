import type { Scenarios } from '../asker.ts';

/** More than the box and the pipe of a command take. */
const muchInput = Buffer.alloc(4 * 1024 * 1024);

export const executionScenarios: Scenarios = {
  'commands are started, watched and forgotten': async ({ rows, box, command, got, site }) => {
    const box_id = await box();
    const holes = { box_id };
    const asleep = { holes: { box_id, execution_id: await command(box_id, { command: 'sleep', args: ['600'] }) } };
    await rows([
      ['startExecution', 422, { holes, json: { command: 'nope' } }],
      ['execTty', 422, { holes, query: 'command=nope' }],
      ['execTty', 101, { holes, query: 'command=sh' }],
      ['getExecution', 200, asleep],
      ['listExecutions', 200, { holes }],
      ['attachExecution', 101, asleep],
      ['attachExecution', 409, asleep],
      ['resizeExecution', 409, asleep],
    ]);
    const impatient = await site.beside({ inputTimeoutMs: 300 });
    await got('sendExecutionInput', 504, { ...asleep, body: muchInput }, impatient);
  },

  'a command on a terminal is fed, resized, read and signalled': async ({
    rows,
    box,
    command,
    output,
    expectEvents,
  }) => {
    const box_id = await box();
    const execution_id = await command(box_id, { command: 'cat', tty: true });
    const given = { holes: { box_id, execution_id } };
    await rows([
      ['resizeExecution', 204, given],
      ['sendExecutionInput', 204, { ...given, body: 'hello\n' }],
      ['streamExecutionOutput', 200, given],
      ['signalExecution', 204, { ...given, json: { signal: 9 } }],
    ]);
    expectEvents(await output(box_id, execution_id), ['stdout', 'exit']);
    await rows([
      ['signalExecution', 409, given],
      ['sendExecutionInput', 409, given],
      ['removeExecution', 204, given],
    ]);
  },
};
