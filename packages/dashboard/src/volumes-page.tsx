import type { JSX, TargetedSubmitEvent } from 'preact';
import { useAsked, useDoing } from './asked.ts';
import { agreed } from './asking.tsx';
import { age } from './format.ts';
import { ListTable, RemoveButton } from './list-table.tsx';
import { Answer, Empty, State, Trouble } from './notices.tsx';
import type { Session } from './session.ts';

/** The managed volumes. */
export function VolumesPage({ now }: { readonly now: Session }): JSX.Element {
  const { volumes } = now.runtime;
  const doing = useDoing();
  const asked = useAsked((signal) => volumes.list({ signal }), [now.runtime]);
  const create = (event: TargetedSubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const form = event.currentTarget;
    const name = String(new FormData(form).get('name') ?? '').trim();
    void doing.run(async () => {
      await volumes.create(name);
      form.reset();
      asked.again();
    });
  };
  const remove = async (id: string, name: string): Promise<void> => {
    if (!(await agreed('Remove this volume?', `${name} goes with all that is in it.`, 'Remove'))) return;
    await doing.run(async () => {
      await volumes.remove(id);
      asked.again();
    });
  };
  return (
    <>
      <header class="bar">
        <h1>Volumes</h1>
      </header>
      <form class="row" onSubmit={create} autocomplete="off">
        <label class="field">
          Name
          <input name="name" required spellcheck={false} />
        </label>
        <button type="submit" class="primary" disabled={doing.busy}>
          Create
        </button>
      </form>
      <Trouble text={doing.error} />
      <Answer asked={asked}>
        {(all) =>
          all.length === 0 ? (
            <Empty>There are no volumes. A volume is a directory that outlives boxes.</Empty>
          ) : (
            <ListTable heads={[['Name'], ['State'], ['Age', 'number'], ['Last used', 'number']]}>
              {all.map((volume) => (
                <tr key={volume.id}>
                  <td data-title="Name">{volume.name}</td>
                  <td data-title="State">
                    <State of={volume.state} />
                  </td>
                  <td class="number" data-title="Age">
                    {age(volume.createdAt)}
                  </td>
                  <td class="number" data-title="Last used">
                    {volume.lastUsedAt ? `${age(volume.lastUsedAt)} ago` : 'never'}
                  </td>
                  <td class="does">
                    <span class="actions">
                      <RemoveButton
                        name={volume.name}
                        disabled={doing.busy}
                        onClick={() => void remove(volume.id, volume.name)}
                      />
                    </span>
                  </td>
                </tr>
              ))}
            </ListTable>
          )
        }
      </Answer>
    </>
  );
}
