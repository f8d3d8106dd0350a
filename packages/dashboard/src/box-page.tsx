import type { BoxInfo } from 'boxlite';
import type { JSX } from 'preact';
import { lazy, Suspense } from 'preact/compat';
import { useEffect, useRef } from 'preact/hooks';
import { useAsked, useDoing } from './asked.ts';
import { BoxActions, titleOf } from './box-actions.tsx';
import { onBoxEvents } from './box-events.ts';
import { BoxFacts } from './box-facts.tsx';
import { BoxGraphs } from './box-metrics.tsx';
import { BoxNetworkTab } from './box-network.tsx';
import { Executions } from './executions.tsx';
import { Files } from './files.tsx';
import { Answer, Empty, NotLoaded, State, Trouble } from './notices.tsx';
import { go, href } from './route.ts';
import type { Session } from './session.ts';
import { SnapshotsTab } from './snapshots.tsx';

// A failure is remembered by the browser, so that only a reload helps.
const TerminalTab = lazy(async () => {
  const loaded = await import('./terminal-tab.tsx').catch(() => undefined);
  return { default: loaded?.TerminalTab ?? NotLoaded };
});

const parts = {
  overview: 'Overview',
  terminal: 'Terminal',
  commands: 'Commands',
  files: 'Files',
  network: 'Network',
  snapshots: 'Snapshots',
} as const;

interface BoxPageProps {
  readonly now: Session;
  readonly id: string;
  readonly part: string | undefined;
}

/** One box, and what can be seen and done in it. */
export function BoxPage({ now, id, part = 'overview' }: BoxPageProps): JSX.Element {
  const { runtime } = now;
  const asked = useAsked((signal) => runtime.getInfo(id, { signal }), [runtime, id]);
  useEffect(
    () =>
      onBoxEvents((events) => {
        if (events.some((event) => !('boxId' in event) || event.boxId === id || event.boxName === id)) asked.again();
      }),
    [runtime, id],
  );
  return (
    <Answer asked={asked}>
      {(info) =>
        info === null ? (
          <Empty>
            There is no such box; it was removed or never made. <a href={href('boxes')}>All boxes</a>
          </Empty>
        ) : (
          <BoxView now={now} info={info} part={part} again={asked.again} />
        )
      }
    </Answer>
  );
}

interface BoxViewProps {
  readonly now: Session;
  readonly info: BoxInfo;
  readonly part: string;
  readonly again: () => void;
}

function BoxView({ now, info, part, again }: BoxViewProps): JSX.Element {
  const { runtime } = now;
  const doing = useDoing();
  // A shell goes on while one looks at something else of its box.
  const opened = useRef(false);
  const runs = info.status === 'running';
  if (part === 'terminal' && runs) opened.current = true;
  const asleep = !runs && (part === 'files' || (part === 'terminal' && !opened.current));
  return (
    <>
      <header class="bar">
        <h1>
          <a href={href('boxes')} class="up">
            Boxes
          </a>
          <span aria-hidden="true"> / </span>
          {titleOf(info)}
        </h1>
        <State of={info.status} />
        {info.healthStatus && <State of={info.healthStatus} />}
        <BoxActions
          runtime={runtime}
          box={info}
          doing={doing}
          onChange={(changed) => (changed ? again() : go('boxes'))}
        />
      </header>
      <Trouble text={doing.error} />
      <nav class="tabs" aria-label="Parts of the box">
        {Object.entries(parts).map(([name, title]) => (
          <a key={name} href={href('boxes', info.id, name)} aria-current={name === part ? 'page' : undefined}>
            {title}
          </a>
        ))}
      </nav>
      {part === 'overview' && (
        <>
          <BoxFacts info={info} />
          <BoxGraphs runtime={runtime} boxId={info.id} />
        </>
      )}
      {opened.current && (
        <div hidden={part !== 'terminal'}>
          <Suspense fallback={<p class="loading">Loading…</p>}>
            <TerminalTab runtime={runtime} boxId={info.id} />
          </Suspense>
        </div>
      )}
      {part === 'commands' && <Executions runtime={runtime} boxId={info.id} />}
      {/* To look there would start it. */}
      {asleep && <Empty>The box does not run. Start it to look in.</Empty>}
      {part === 'files' && runs && <Files runtime={runtime} boxId={info.id} />}
      {part === 'network' && <BoxNetworkTab runtime={runtime} info={info} />}
      {part === 'snapshots' && <SnapshotsTab runtime={runtime} info={info} />}
    </>
  );
}
