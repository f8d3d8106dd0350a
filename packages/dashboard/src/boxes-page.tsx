import type { BoxInfo, BoxStatus } from 'boxlite';
import type { JSX } from 'preact';
import { memo } from 'preact/compat';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { useDoing } from './asked.ts';
import { BoxActions, titleOf } from './box-actions.tsx';
import { liveTrouble } from './box-events.ts';
import { type BoxList, boxList } from './box-list.ts';
import { CreateBox } from './create-box.tsx';
import { age, mebibytes, pairs } from './format.ts';
import { Empty, Labels, State, Trouble } from './notices.tsx';
import { go, href } from './route.ts';
import type { Session } from './session.ts';

const statuses: readonly BoxStatus[] = ['configured', 'running', 'paused', 'stopping', 'stopped', 'failed', 'unknown'];

/** Every box, with a filter, and a way to make one. */
export function BoxesPage({ now }: { readonly now: Session }): JSX.Element {
  const { runtime } = now;
  const [status, setStatus] = useState<BoxStatus | undefined>();
  const [name, setName] = useState('');
  const [labelText, setLabelText] = useState('');
  const [creating, setCreating] = useState(false);
  const labels = useMemo(() => readLabels(labelText), [labelText]);
  const list = useMemo(
    () =>
      boxList(runtime, {
        ...(status && { status }),
        ...(name && { namePrefix: name }),
        ...(typeof labels === 'object' && { labels }),
      }),
    [runtime, status, name, typeof labels === 'string' ? undefined : JSON.stringify(labels)],
  );
  useEffect(() => () => list.close(), [list]);
  const filtered = status !== undefined || name !== '' || labelText !== '';
  return (
    <>
      <header class="bar">
        <h1>Boxes</h1>
        <button type="button" class="primary" onClick={() => setCreating(!creating)} aria-expanded={creating}>
          {creating ? 'Close' : 'Create a box'}
        </button>
      </header>
      {creating && (
        <CreateBox
          now={now}
          onMade={(info) => {
            setCreating(false);
            list.put(info.id, info);
            go('boxes', info.id);
          }}
        />
      )}
      <search class="filter">
        <label>
          Status{' '}
          <select
            value={status ?? ''}
            onChange={({ currentTarget }) => setStatus(statuses.find((one) => one === currentTarget.value))}
          >
            <option value="">any</option>
            {statuses.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </label>
        <label>
          Name begins with{' '}
          <input type="search" value={name} onChange={({ currentTarget }) => setName(currentTarget.value.trim())} />
        </label>
        <label>
          Label{' '}
          <input
            type="search"
            placeholder="team=search"
            value={labelText}
            onChange={({ currentTarget }) => setLabelText(currentTarget.value.trim())}
          />
        </label>
      </search>
      {typeof labels === 'string' && <Trouble text={labels} />}
      <BoxTable now={now} list={list} filtered={filtered} />
    </>
  );
}

function BoxTable({
  now,
  list,
  filtered,
}: {
  readonly now: Session;
  readonly list: BoxList;
  readonly filtered: boolean;
}): JSX.Element {
  // Ages are of the last minute.
  const [, setMinute] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setMinute((before) => before + 1), 60_000);
    return () => clearInterval(timer);
  }, []);
  const boxes = list.boxes.value;
  const trouble = list.error.value || (liveTrouble.value && `What is shown may be old: ${liveTrouble.value}`);
  if (boxes === undefined) return trouble ? <Trouble text={trouble} /> : <p class="loading">Loading…</p>;
  return (
    <>
      <Trouble text={trouble} />
      {boxes.length === 0 ? (
        <Empty>{filtered ? 'No box fits the filter.' : 'There are no boxes yet. Create one to begin.'}</Empty>
      ) : (
        <div class="scroll">
          <table class="boxes">
            <thead>
              <tr>
                <th>Name</th>
                <th>Status</th>
                <th>Image</th>
                <th class="number size">Processors</th>
                <th class="number size">Memory</th>
                <th>Labels</th>
                <th class="number">Age</th>
                <th>
                  <span class="unseen">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {boxes.map((box) => (
                <BoxRow key={box.id} now={now} list={list} box={box} age={age(box.createdAt)} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      <p class="hint" aria-live="polite">
        {boxes.length === 1 ? '1 box' : `${boxes.length} boxes`}
        {list.more.value ? ', the oldest; there are more. ' : ''}
        {list.more.value && (
          <button type="button" onClick={() => list.showMore()}>
            Show more
          </button>
        )}
      </p>
    </>
  );
}

interface BoxRowProps {
  readonly now: Session;
  readonly list: BoxList;
  readonly box: BoxInfo;
  readonly age: string;
}

const BoxRow = memo(function BoxRow({ now, list, box, age }: BoxRowProps): JSX.Element {
  const doing = useDoing();
  return (
    <>
      <tr>
        <td class="name" data-title="Name">
          <a href={href('boxes', box.id)}>{titleOf(box)}</a>
          {box.name !== undefined && <code class="id">{box.id}</code>}
        </td>
        <td data-title="Status">
          <State of={box.status} />
          {box.healthStatus && <State of={box.healthStatus} />}
        </td>
        <td class="image" data-title="Image">
          {box.image}
        </td>
        <td class="number size" data-title="Processors">
          {box.cpus}
        </td>
        <td class="number size" data-title="Memory">
          {mebibytes(box.memoryMib)}
        </td>
        <td data-title="Labels">
          <Labels of={box.labels} />
        </td>
        <td class="number" data-title="Age">
          {age}
        </td>
        <td class="does">
          <BoxActions runtime={now.runtime} box={box} doing={doing} onChange={(info) => list.put(box.id, info)} />
        </td>
      </tr>
      {doing.error && (
        <tr>
          <td colSpan={8}>
            <Trouble text={doing.error} />
          </td>
        </tr>
      )}
    </>
  );
});

/** The labels of the filter; a text says what is wrong with them. */
function readLabels(text: string): Readonly<Record<string, string>> | string | undefined {
  if (text === '') return undefined;
  try {
    return pairs(text, 'label');
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
