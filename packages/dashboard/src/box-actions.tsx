import type { Box, BoxInfo, Boxlite, BoxStatus } from 'boxlite';
import { NotFoundError } from 'boxlite';
import type { JSX } from 'preact';
import type { Doing } from './asked.ts';
import { agreed } from './asking.tsx';

type Verb = 'start' | 'stop' | 'pause' | 'resume' | 'remove';

const possible: Readonly<Record<BoxStatus, readonly Verb[]>> = {
  configured: ['start', 'remove'],
  running: ['pause', 'stop', 'remove'],
  paused: ['resume', 'stop', 'remove'],
  stopping: ['remove'],
  stopped: ['start', 'remove'],
  failed: ['start', 'remove'],
  unknown: ['start', 'remove'],
};

const words: Readonly<Record<Verb, string>> = {
  start: 'Start',
  stop: 'Stop',
  pause: 'Pause',
  resume: 'Resume',
  remove: 'Remove',
};

interface BoxActionsProps {
  readonly runtime: Boxlite;
  readonly box: BoxInfo;
  readonly doing: Doing;
  /** Told what became of it; undefined where it is gone. */
  readonly onChange: (info: BoxInfo | undefined) => void;
}

/** The name of a box for people. */
export function titleOf({ id, name }: Pick<BoxInfo, 'id' | 'name'>): string {
  return name ?? id;
}

/** Buttons for what can be done with a box as it is; what cannot be taken back is asked first. */
export function BoxActions({ runtime, box, doing, onChange }: BoxActionsProps): JSX.Element {
  const act = async (verb: Verb): Promise<void> => {
    const running = box.status === 'running' || box.status === 'paused' || box.status === 'stopping';
    if (verb === 'remove') {
      const what = `${titleOf(box)} goes with all that is on its disk${running ? ', and with what runs in it' : ''}.`;
      if (!(await agreed('Remove this box?', what, 'Remove'))) return;
    }
    if (verb === 'stop' && box.autoRemove) {
      const what = `${titleOf(box)} was made to be removed when it stops. Its disk goes, too.`;
      if (!(await agreed('Stop and remove this box?', what, 'Stop and remove'))) return;
    }
    await doing.run(async () => {
      if (verb === 'remove') {
        await runtime.remove(box.id, { force: running });
        return onChange(undefined);
      }
      const found = await runtime.get(box.id);
      if (found === null) return onChange(undefined);
      await found[verb]();
      onChange(await stillThere(found));
    });
  };
  return (
    <span class="actions">
      {possible[box.status].map((verb) => (
        <button
          type="button"
          key={verb}
          class={verb === 'remove' ? 'quiet danger' : 'quiet'}
          disabled={doing.busy}
          aria-label={`${words[verb]} ${titleOf(box)}`}
          onClick={() => void act(verb)}
        >
          {words[verb]}
        </button>
      ))}
    </span>
  );
}

/** The box as it is now; undefined where it went with its stop. */
async function stillThere(box: Box): Promise<BoxInfo | undefined> {
  try {
    return await box.info();
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
}
