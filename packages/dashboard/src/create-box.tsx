import type { BoxInfo, BoxOptions, RuntimeConfig } from 'boxlite';
import type { ComponentChildren, JSX, TargetedSubmitEvent } from 'preact';
import { useState } from 'preact/hooks';
import { useDoing } from './asked.ts';
import { pairs } from './format.ts';
import { Trouble } from './notices.tsx';
import type { Session } from './session.ts';

/** How a message that names a field may spell it: as the SDK does, and as the wire does. */
const spellings: Readonly<Record<string, readonly string[]>> = {
  image: ['image'],
  name: ['name'],
  cpus: ['cpus'],
  memory: ['memoryMib', 'memory_mib'],
  disk: ['diskSizeGb', 'disk_size_gb'],
  network: ['network', 'allow'],
  env: ['env'],
  labels: ['labels'],
};

/** The field that a message is about: the one that it names first; undefined for none. */
export function fieldOf(message: string): string | undefined {
  const found = Object.entries(spellings).map(([field, names]) => {
    const at = message.search(new RegExp(`(?<![\\w.-])(?:${names.join('|')})(?![\\w-])`));
    return { field, at };
  });
  return found.filter(({ at }) => at >= 0 && at < 40).toSorted((a, b) => a.at - b.at)[0]?.field;
}

/** The form that makes a box. What the server says of a field is beside that field. */
export function CreateBox({
  now,
  onMade,
}: {
  readonly now: Session;
  readonly onMade: (info: BoxInfo) => void;
}): JSX.Element {
  const doing = useDoing();
  const [mode, setMode] = useState('isolated');
  const { defaults, capabilities } = now.config;
  const about = fieldOf(doing.error);
  const submit = (event: TargetedSubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    void doing.run(async () => {
      const { options, name } = wanted(form);
      const box = await now.runtime.create(options, name);
      if (form.has('start')) await box.start();
      onMade(await box.info());
    });
  };
  const field = (name: string, label: string, input: ComponentChildren): JSX.Element => (
    <div class={about === name ? 'field wrong' : 'field'}>
      <label for={`box-${name}`}>{label}</label>
      {input}
      {about === name && (
        <span class="trouble" role="alert">
          {doing.error}
        </span>
      )}
    </div>
  );
  return (
    <form class="panel create" onSubmit={submit} aria-label="Create a box" autocomplete="off">
      {about === undefined && <Trouble text={doing.error} />}
      <div class="grid">
        {field(
          'image',
          'Image',
          <input id="box-image" name="image" required placeholder="boxlite/base:latest" spellcheck={false} />,
        )}
        {field('name', 'Name', <input id="box-name" name="name" placeholder="none" spellcheck={false} />)}
        {field('cpus', 'Processors', <Count name="cpus" most={capabilities.maxCpus} usual={`${defaults.cpus}`} />)}
        {field(
          'memory',
          'Memory, MiB',
          <Count name="memory" most={capabilities.maxMemoryMib} usual={`${defaults.memoryMib}`} />,
        )}
        {field('disk', 'Disk, GB', <Count name="disk" most={capabilities.maxDiskSizeGb} usual={disk(defaults)} />)}
        {field(
          'network',
          'Network',
          <select
            id="box-network"
            name="network"
            value={mode}
            onChange={({ currentTarget }) => setMode(currentTarget.value)}
          >
            <option value="isolated">out to public addresses</option>
            <option value="none">none</option>
            <option value="allow">only to these places</option>
          </select>,
        )}
        {field(
          'env',
          'Environment',
          <textarea id="box-env" name="env" rows={2} placeholder="NAME=VALUE" spellcheck={false} />,
        )}
        {field(
          'labels',
          'Labels',
          <textarea id="box-labels" name="labels" rows={2} placeholder="NAME=VALUE" spellcheck={false} />,
        )}
        {mode === 'allow' && (
          <label class="field">
            Places it may connect to
            <textarea name="allow" rows={2} placeholder="example.com:443, one a line" spellcheck={false} />
          </label>
        )}
      </div>
      <div class="row">
        <label class="check">
          <input type="checkbox" name="start" checked /> Start it
        </label>
        <label class="check">
          <input type="checkbox" name="keep" checked /> Keep it when it stops
        </label>
        <button type="submit" class="primary" disabled={doing.busy}>
          {doing.busy ? 'Creating…' : 'Create'}
        </button>
      </div>
    </form>
  );
}

interface CountProps {
  readonly name: string;
  /** 0 where it cannot be limited. */
  readonly most: number;
  readonly usual: string;
}

function Count({ name, most, usual }: CountProps): JSX.Element {
  const placeholder = most === 0 ? 'not limited here' : usual;
  return (
    <input
      id={`box-${name}`}
      name={name}
      inputMode="numeric"
      pattern="[0-9]*"
      placeholder={placeholder}
      disabled={most === 0}
    />
  );
}

const disk = ({ diskSizeGb }: RuntimeConfig['defaults']): string =>
  diskSizeGb === undefined ? 'shares that of the host' : `${diskSizeGb}`;

/** What a form says of a box to make; an error names the field. */
function wanted(form: FormData): { readonly options: BoxOptions; readonly name: string | undefined } {
  const text = (name: string): string => String(form.get(name) ?? '').trim();
  const count = (name: string): number | undefined => (text(name) === '' ? undefined : Number(text(name)));
  const [cpus, memoryMib, diskSizeGb] = [count('cpus'), count('memory'), count('disk')];
  const places = text('allow').split(/[\s,]+/);
  const options: BoxOptions = {
    image: text('image'),
    ...(cpus !== undefined && { cpus }),
    ...(memoryMib !== undefined && { memoryMib }),
    ...(diskSizeGb !== undefined && { diskSizeGb }),
    network: network(text('network'), places),
    env: pairs(text('env'), 'env'),
    labels: pairs(text('labels'), 'labels'),
    autoRemove: !form.has('keep'),
    // Nobody's process has it, so it goes with the server unless it outlives it.
    detach: true,
  };
  return { options, name: text('name') || undefined };
}

function network(mode: string, places: readonly string[]): NonNullable<BoxOptions['network']> {
  if (mode === 'allow') return { allow: places.filter((place) => place !== '') };
  return mode === 'none' ? 'none' : 'isolated';
}
