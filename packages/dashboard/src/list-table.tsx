import type { ComponentChildren, JSX } from 'preact';

interface ListTableProps {
  /** What stands over the columns; the last column, of what can be done, comes by itself. */
  readonly heads: readonly (readonly [text: string, kind?: 'number'])[];
  /** The rows. */
  readonly children: ComponentChildren;
}

/** A list with what can be done with each. */
export function ListTable({ heads, children }: ListTableProps): JSX.Element {
  return (
    <div class="scroll">
      <table>
        <thead>
          <tr>
            {heads.map(([text, kind]) => (
              <th key={text} class={kind}>
                {text}
              </th>
            ))}
            <th>
              <span class="unseen">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}

interface RemoveButtonProps {
  readonly name: string;
  readonly disabled: boolean;
  readonly onClick: () => void;
}

/** The button that removes one of a list. */
export function RemoveButton({ name, disabled, onClick }: RemoveButtonProps): JSX.Element {
  return (
    <button type="button" class="quiet danger" disabled={disabled} aria-label={`Remove ${name}`} onClick={onClick}>
      Remove
    </button>
  );
}
