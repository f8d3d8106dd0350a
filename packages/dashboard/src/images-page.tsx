import type { PullProgress } from 'boxlite';
import type { JSX, TargetedSubmitEvent } from 'preact';
import { useState } from 'preact/hooks';
import { useAsked, useDoing } from './asked.ts';
import { agreed } from './asking.tsx';
import { age, bytes } from './format.ts';
import { ListTable, RemoveButton } from './list-table.tsx';
import { Answer, Empty, Trouble } from './notices.tsx';
import type { Session } from './session.ts';

/** The images of the store. */
export function ImagesPage({ now }: { readonly now: Session }): JSX.Element {
  const { images } = now.runtime;
  const [progress, setProgress] = useState<PullProgress>();
  const doing = useDoing();
  const asked = useAsked((signal) => images.list({ signal }), [now.runtime]);
  const pull = (event: TargetedSubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const form = event.currentTarget;
    const reference = String(new FormData(form).get('reference') ?? '').trim();
    void doing
      .run(async () => {
        await images.pull(reference, { onProgress: setProgress });
        form.reset();
        asked.again();
      })
      .then(() => setProgress(undefined));
  };
  const remove = async (reference: string): Promise<void> => {
    if (!(await agreed('Remove this image?', `${reference} goes from the store of the server.`, 'Remove'))) return;
    await doing.run(async () => {
      await images.remove(reference);
      asked.again();
    });
  };
  return (
    <>
      <header class="bar">
        <h1>Images</h1>
      </header>
      <form class="row" onSubmit={pull} autocomplete="off">
        <label class="field wide">
          Reference
          <input name="reference" required spellcheck={false} placeholder="alpine:3.22" />
        </label>
        <button type="submit" class="primary" disabled={doing.busy}>
          {doing.busy ? 'Working…' : 'Pull'}
        </button>
      </form>
      {progress && (
        <p class="row">
          <progress
            value={progress.completedBytes}
            max={progress.totalBytes}
            aria-label={`Pulling ${progress.reference}`}
          />
          {bytes(progress.completedBytes)} of {bytes(progress.totalBytes)}
        </p>
      )}
      <Trouble text={doing.error} />
      <Answer asked={asked}>
        {(all) =>
          all.length === 0 ? (
            <Empty>There are no images yet. Pull one, or create a box: its image is pulled then.</Empty>
          ) : (
            <ListTable heads={[['Reference'], ['Digest'], ['Size', 'number'], ['Age', 'number']]}>
              {all.map((image) => (
                <tr key={image.reference}>
                  <td data-title="Reference">{image.reference}</td>
                  <td data-title="Digest">
                    <code title={image.id}>{image.id.replace('sha256:', '').slice(0, 12)}</code>
                  </td>
                  <td class="number" data-title="Size">
                    {bytes(image.sizeBytes)}
                  </td>
                  <td class="number" data-title="Age">
                    {age(image.cachedAt)}
                  </td>
                  <td class="does">
                    <span class="actions">
                      <RemoveButton
                        name={image.reference}
                        disabled={doing.busy}
                        onClick={() => void remove(image.reference)}
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
