import type { BoxFiles, Boxlite, FileInfo } from 'boxlite';
import { NotFoundError } from 'boxlite';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { useAsked, useDoing } from './asked.ts';
import { bytes, moment, plain } from './format.ts';
import { Answer, Empty, Trouble } from './notices.tsx';

interface FilesProps {
  readonly runtime: Boxlite;
  readonly boxId: string;
}

/** A directory may have millions: the first ones are shown. */
const mostShown = 1000;
/** What a page holds in memory at most to save it. */
const mostSaved = 256 * 1024 * 1024;

/** The directories of a box, one at a time; files in and out. */
export function Files({ runtime, boxId }: FilesProps): JSX.Element {
  const [path, setPath] = useState('/');
  const doing = useDoing();
  const files = async (signal?: AbortSignal): Promise<BoxFiles> => {
    const box = await runtime.get(boxId, { signal });
    if (box === null) throw new NotFoundError('the box is no longer there');
    return box.files;
  };
  const asked = useAsked(
    async (signal) => firstOf((await files(signal)).list(path, { signal })),
    [runtime, boxId, path],
  );
  const save = (name: string): Promise<boolean> =>
    doing.run(async () => {
      const from = await files();
      const { size } = await from.stat(join(path, name), { followSymlinks: true });
      if (size > mostSaved)
        throw new Error(`${plain(name)} has ${bytes(size)}; a page saves up to ${bytes(mostSaved)}: use boxlite cp`);
      const content = await from.read(join(path, name), { length: mostSaved });
      saveAs(name, new Blob([content.slice()], { type: 'application/octet-stream' }));
    });
  const send = (file: File): Promise<boolean> =>
    doing.run(async () => {
      await (await files()).write(join(path, file.name), file.stream());
      asked.again();
    });
  return (
    <>
      <form
        class="row"
        autocomplete="off"
        onSubmit={(event) => {
          event.preventDefault();
          const wanted = String(new FormData(event.currentTarget).get('path') ?? '').trimStart();
          if (wanted === path) asked.again();
          else setPath(join('/', wanted));
        }}
      >
        <label class="field wide">
          Directory
          <input key={path} name="path" class="mono" defaultValue={path} spellcheck={false} />
        </label>
        <button type="submit">Show</button>
        <button type="button" disabled={path === '/'} onClick={() => setPath(path.replace(/\/[^/]*$/, '') || '/')}>
          Up
        </button>
        <label class="field">
          Upload into it
          <input
            type="file"
            disabled={doing.busy}
            onChange={({ currentTarget }) => {
              const [file] = currentTarget.files ?? [];
              currentTarget.value = '';
              if (file) void send(file);
            }}
          />
        </label>
      </form>
      <Trouble text={doing.error} />
      {doing.busy && <p class="loading">Working…</p>}
      <Answer asked={asked}>
        {(found) =>
          found.length === 0 ? (
            <Empty>This directory is empty.</Empty>
          ) : (
            <Table found={found} open={(name) => setPath(join(path, name))} save={save} />
          )
        }
      </Answer>
    </>
  );
}

interface TableProps {
  readonly found: readonly FileInfo[];
  readonly open: (name: string) => void;
  readonly save: (name: string) => Promise<boolean>;
}

function Table({ found, open, save }: TableProps): JSX.Element {
  return (
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th>Name</th>
            <th>Type</th>
            <th class="number">Size</th>
            <th class="number">Changed</th>
          </tr>
        </thead>
        <tbody>
          {found.slice(0, mostShown).map((file) => (
            <tr key={file.name}>
              <td data-title="Name">
                {file.type === 'directory' ? (
                  <button type="button" class="link mono" onClick={() => open(file.name)}>
                    {plain(file.name)}/
                  </button>
                ) : (
                  <button type="button" class="link mono" title="Save it" onClick={() => void save(file.name)}>
                    {plain(file.name)}
                  </button>
                )}
              </td>
              <td data-title="Type">{file.type}</td>
              <td class="number" data-title="Size">
                {file.type === 'directory' ? '–' : bytes(file.size)}
              </td>
              <td class="number" data-title="Changed">
                {moment(file.modifiedAt)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {found.length > mostShown && <p class="hint">There are more; only the first {mostShown} are shown.</p>}
    </div>
  );
}

/** One more than are shown, at most, in the order of their names. */
async function firstOf(files: AsyncIterable<FileInfo>): Promise<readonly FileInfo[]> {
  const found: FileInfo[] = [];
  for await (const file of files) {
    found.push(file);
    if (found.length > mostShown) break;
  }
  return found.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function join(directory: string, name: string): string {
  return `${directory}/${name}`.replace(/\/{2,}/g, '/').replace(/(.)\/$/, '$1');
}

function saveAs(name: string, content: Blob): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
