import type { Boxlite, ExecutionInfo } from 'boxlite';
import type { JSX, TargetedSubmitEvent } from 'preact';
import { useState } from 'preact/hooks';
import { useAsked, useDoing } from './asked.ts';
import { age, commandLine, duration } from './format.ts';
import { Answer, Empty, State, Trouble } from './notices.tsx';
import { OutputView } from './output-view.tsx';

interface ExecutionsProps {
  readonly runtime: Boxlite;
  readonly boxId: string;
}

const mostShown = 100;
/** The commands of a box, one of them with its output, and a way to run another. */
export function Executions({ runtime, boxId }: ExecutionsProps): JSX.Element {
  const [chosen, setChosen] = useState<string>();
  const doing = useDoing();
  const asked = useAsked(
    async (signal) => (await (await runtime.get(boxId, { signal }))?.executions({ signal })) ?? [],
    [runtime, boxId],
    3000,
  );
  const run = (event: TargetedSubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const form = event.currentTarget;
    const line = String(new FormData(form).get('line') ?? '');
    void doing.run(async () => {
      const box = await runtime.get(boxId);
      if (box === null) return;
      const execution = await box.exec('sh', ['-c', line], { stdin: '' });
      setChosen(execution.id);
      asked.again();
      form.reset();
    });
  };
  return (
    <>
      <form class="row run" onSubmit={run} autocomplete="off">
        <label class="field wide">
          Command, as a shell reads it
          <input name="line" required spellcheck={false} class="mono" placeholder="ls -la /" />
        </label>
        <button type="submit" class="primary" disabled={doing.busy}>
          {doing.busy ? 'Starting…' : 'Run'}
        </button>
      </form>
      <Trouble text={doing.error} />
      {chosen !== undefined && <OutputView key={chosen} runtime={runtime} boxId={boxId} executionId={chosen} />}
      <Answer asked={asked}>
        {(all) =>
          all.length === 0 ? (
            <Empty>Nothing was run in this box yet.</Empty>
          ) : (
            <Table
              all={all.toReversed().slice(0, mostShown)}
              more={all.length - mostShown}
              {...{ chosen, setChosen }}
            />
          )
        }
      </Answer>
    </>
  );
}

interface TableProps {
  readonly all: readonly ExecutionInfo[];
  readonly more: number;
  readonly chosen: string | undefined;
  readonly setChosen: (id: string) => void;
}

function Table({ all, more, chosen, setChosen }: TableProps): JSX.Element {
  return (
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th>Command</th>
            <th>Status</th>
            <th class="number">Exit code</th>
            <th class="number">Took</th>
            <th class="number">Started</th>
          </tr>
        </thead>
        <tbody>
          {all.map((one) => (
            <tr key={one.id} class={one.id === chosen ? 'chosen' : ''}>
              <td data-title="Command">
                <button type="button" class="link mono short" onClick={() => setChosen(one.id)}>
                  {one.command === undefined ? one.id : commandLine(one.command)}
                </button>
              </td>
              <td data-title="Status">
                <State of={one.status === 'completed' && one.exitCode !== 0 ? 'failed' : one.status} />
              </td>
              <td class="number" data-title="Exit code">
                {one.exitCode ?? '–'}
              </td>
              <td class="number" data-title="Took">
                {duration(one.durationMs)}
              </td>
              <td class="number" data-title="Started">
                {age(one.startedAt)} ago
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {more > 0 && <p class="hint">{more} older ones are not shown.</p>}
    </div>
  );
}
