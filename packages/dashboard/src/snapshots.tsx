import type { Box, BoxInfo, Boxlite, SnapshotInfo } from 'boxlite';
import { NotFoundError } from 'boxlite';
import type { JSX, TargetedSubmitEvent } from 'preact';
import { type Doing, useAsked, useDoing } from './asked.ts';
import { agreed } from './asking.tsx';
import { titleOf } from './box-actions.tsx';
import { age, bytes } from './format.ts';
import { ListTable, RemoveButton } from './list-table.tsx';
import { Answer, Empty, Trouble } from './notices.tsx';
import { go } from './route.ts';

interface SnapshotsTabProps {
  readonly runtime: Boxlite;
  readonly info: BoxInfo;
}

/** The snapshots of a box, and a copy of the whole box. */
export function SnapshotsTab({ runtime, info }: SnapshotsTabProps): JSX.Element {
  const doing = useDoing();
  const box = async (): Promise<Box> => {
    const found = await runtime.get(info.id);
    if (found === null) throw new NotFoundError('the box is no longer there');
    return found;
  };
  const asked = useAsked(async (signal) => (await box()).snapshots.list({ signal }), [runtime, info.id]);
  const submit = (event: TargetedSubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const form = event.currentTarget;
    const name = String(new FormData(form).get('name') ?? '').trim();
    const clones = event.submitter?.getAttribute('value') === 'clone';
    void doing.run(async () => {
      if (clones) return go('boxes', (await (await box()).clone({}, name)).id);
      await (await box()).snapshots.create(name);
      form.reset();
      asked.again();
    });
  };
  return (
    <>
      <form class="row" onSubmit={submit} autocomplete="off">
        <label class="field">
          Name
          <input name="name" required spellcheck={false} />
        </label>
        <button type="submit" class="primary" disabled={doing.busy}>
          {doing.busy ? 'Working…' : 'Take a snapshot'}
        </button>
        <button type="submit" value="clone" disabled={doing.busy}>
          Clone as a box of that name
        </button>
      </form>
      <Trouble text={doing.error} />
      <Answer asked={asked}>
        {(all) =>
          all.length === 0 ? (
            <Empty>There are no snapshots of this box.</Empty>
          ) : (
            <Table all={all} info={info} doing={doing} box={box} again={asked.again} />
          )
        }
      </Answer>
    </>
  );
}

interface TableProps {
  readonly all: readonly SnapshotInfo[];
  readonly info: BoxInfo;
  readonly doing: Doing;
  readonly box: () => Promise<Box>;
  readonly again: () => void;
}

function Table({ all, info, doing, box, again }: TableProps): JSX.Element {
  const restore = async (name: string): Promise<void> => {
    const what = `The disk of ${titleOf(info)} goes back to ${name}. What changed since then is lost.`;
    if (await agreed('Restore this snapshot?', what, 'Restore'))
      await doing.run(async () => (await box()).snapshots.restore(name));
  };
  const remove = async (name: string): Promise<void> => {
    if (!(await agreed('Remove this snapshot?', `${name} of ${titleOf(info)} is deleted.`, 'Remove'))) return;
    await doing.run(async () => {
      await (await box()).snapshots.remove(name);
      again();
    });
  };
  const stopped = info.status !== 'running' && info.status !== 'paused';
  return (
    <ListTable heads={[['Name'], ['Size', 'number'], ['Age', 'number']]}>
      {all.map(({ id, name, sizeBytes, createdAt }) => (
        <tr key={id}>
          <td data-title="Name">{name}</td>
          <td class="number" data-title="Size">
            {bytes(sizeBytes)}
          </td>
          <td class="number" data-title="Age">
            {age(createdAt)}
          </td>
          <td class="does">
            <span class="actions">
              <button
                type="button"
                class="quiet"
                disabled={doing.busy || !stopped}
                title={stopped ? '' : 'Stop the box first'}
                onClick={() => void restore(name)}
              >
                Restore
              </button>
              <RemoveButton name={name} disabled={doing.busy} onClick={() => void remove(name)} />
            </span>
          </td>
        </tr>
      ))}
    </ListTable>
  );
}
