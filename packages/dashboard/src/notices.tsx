import type { ComponentChildren, JSX } from 'preact';
import type { Asked } from './asked.ts';
import { plain } from './format.ts';

/** A sentence that something failed; nothing when it is empty. */
export function Trouble({ text }: { readonly text: string }): JSX.Element | null {
  return text === '' ? null : (
    <p class="trouble" role="alert">
      {text}
    </p>
  );
}

/** What is shown for a part of the page that did not come. */
export function NotLoaded(): JSX.Element {
  return (
    <Trouble text="This part of the page did not come: the server did not answer, or is of another version by now. Reload the page." />
  );
}

/** What is shown where there is nothing to show. */
export function Empty({ children }: { readonly children: ComponentChildren }): JSX.Element {
  return <p class="empty">{children}</p>;
}

/** What was asked for, once it is there; until then that it is under way, or why it is not. */
export function Answer<T>({
  asked,
  children,
}: {
  readonly asked: Asked<T>;
  readonly children: (value: T) => ComponentChildren;
}): JSX.Element {
  return (
    <>
      <Trouble text={asked.error} />
      {asked.value !== undefined && children(asked.value)}
      {asked.value === undefined && asked.error === '' && <p class="loading">Loading…</p>}
    </>
  );
}

/** The state of a box or an execution, as a word with a colour. */
export function State({ of }: { readonly of: string }): JSX.Element {
  return <span class={`state ${of}`}>{of.replace('_', ' ')}</span>;
}

/** Labels as small marks, the first few of many. */
export function Labels({ of }: { readonly of: Readonly<Record<string, string>> }): JSX.Element {
  const all = Object.entries(of);
  return (
    <span class="labels">
      {all.slice(0, 4).map(([name, value]) => (
        <span class="label" title={plain(`${name}=${value}`)} key={name}>
          {plain(`${name}=${value}`)}
        </span>
      ))}
      {all.length > 4 && <span class="label">{all.length - 4} more</span>}
    </span>
  );
}

/** Facts with their names; one without a value is left out. */
export function Facts({
  of,
}: {
  readonly of: readonly (readonly [name: string, value: ComponentChildren])[];
}): JSX.Element {
  const known = of.filter(([, value]) => value !== undefined && value !== false);
  return (
    <dl class="facts panel">
      {known.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
