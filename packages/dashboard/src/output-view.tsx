import type { Boxlite, ExecutionInfo } from 'boxlite';
import { InvalidStateError, NotFoundError, OutputTruncatedError } from 'boxlite';
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { useDoing } from './asked.ts';
import { bytes, commandLine, duration } from './format.ts';
import { State, Trouble } from './notices.tsx';
import { outputLog } from './output-log.ts';
import { said } from './session.ts';
import { whenVisible, whileVisible } from './visible.ts';

/** What is shown of output that was there before anyone looked. */
const tailBytes = 128 * 1024;
/** Who is farther behind what is written goes on near its end. */
const mostBehind = 8 * 1024 * 1024;
const lookMs = 1000;
const signals = [
  'SIGTERM',
  'SIGINT',
  'SIGHUP',
  'SIGKILL',
  'SIGQUIT',
  'SIGUSR1',
  'SIGUSR2',
  'SIGSTOP',
  'SIGCONT',
] as const;

interface OutputViewProps {
  readonly runtime: Boxlite;
  readonly boxId: string;
  readonly executionId: string;
}

/** One execution: what it writes while it does, how it ended, and signals for it. */
export function OutputView({ runtime, boxId, executionId }: OutputViewProps): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const [info, setInfo] = useState<ExecutionInfo>();
  const [skipped, setSkipped] = useState(0);
  const [cut, setCut] = useState(0);
  const [trouble, setTrouble] = useState('');
  const [signal, setSignal] = useState<(typeof signals)[number]>('SIGTERM');
  const doing = useDoing();
  useEffect(() => {
    const ending = new AbortController();
    const element = place.current;
    if (element === null) return;
    element.replaceChildren();
    setCut(0);
    const watched = { onInfo: setInfo, onSkip: setSkipped, onCut: setCut };
    watch({ runtime, boxId, executionId }, element, ending.signal, watched).catch((error: unknown) => {
      if (!ending.signal.aborted) setTrouble(said(error));
    });
    return () => ending.abort();
  }, [runtime, boxId, executionId]);
  const send = (): Promise<boolean> =>
    doing.run(async () => {
      const execution = await (await runtime.get(boxId))?.execution(executionId);
      await execution?.signal(signal);
    });
  return (
    <section class="panel output" aria-label={`Execution ${executionId}`}>
      <header class="bar">
        <h3>{info?.command ? commandLine(info.command) : `Execution ${executionId}`}</h3>
        {info && <Ended info={info} />}
        {info?.status === 'running' && (
          <span class="actions">
            <select
              aria-label="Signal"
              value={signal}
              onChange={({ currentTarget }) =>
                setSignal(signals.find((one) => one === currentTarget.value) ?? 'SIGTERM')
              }
            >
              {signals.map((one) => (
                <option key={one}>{one}</option>
              ))}
            </select>
            <button type="button" disabled={doing.busy} onClick={() => void send()}>
              Send
            </button>
          </span>
        )}
      </header>
      <Trouble text={doing.error || trouble} />
      {skipped > 0 && <p class="hint">{bytes(skipped)} are not shown: they were there before, or came too fast.</p>}
      {cut > 0 && <p class="hint">{cut.toLocaleString()} characters went out of view: only the last are kept here.</p>}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: whoever has no mouse scrolls it by its keys */}
      <div ref={place} class="log" role="log" aria-live="off" aria-label="Output" tabIndex={0} />
    </section>
  );
}

function Ended({ info }: { readonly info: ExecutionInfo }): JSX.Element {
  const { status, exitCode, signal, durationMs, errorMessage } = info;
  return (
    <span aria-live="polite" class="row">
      <State of={status === 'completed' && exitCode !== 0 ? 'failed' : status} />
      {exitCode !== undefined && <span>exit code {exitCode}</span>}
      {signal && <span>{signal}</span>}
      {durationMs !== undefined && <span>after {duration(durationMs)}</span>}
      {errorMessage && <span>{errorMessage}</span>}
    </span>
  );
}

interface Watched {
  readonly onInfo: (info: ExecutionInfo) => void;
  readonly onSkip: (bytes: number) => void;
  readonly onCut: (characters: number) => void;
}

async function watch(
  { runtime, boxId, executionId }: Pick<OutputViewProps, 'runtime' | 'boxId' | 'executionId'>,
  element: HTMLElement,
  ending: AbortSignal,
  { onInfo, onSkip, onCut }: Watched,
): Promise<void> {
  const box = await runtime.get(boxId, { signal: ending });
  if (box === null) throw new NotFoundError('the box is no longer there');
  const execution = await box.execution(executionId, { signal: ending });
  const first = await execution.status({ signal: ending });
  onInfo(first);
  const reached = { stdout: 0, stderr: 0 };
  let skipped = 0;
  const goNearEnd = ({ outputBytes }: ExecutionInfo): number => {
    const before = skipped;
    for (const stream of ['stdout', 'stderr'] as const) {
      const near = Math.max(reached[stream], (outputBytes?.[stream] ?? 0) - tailBytes);
      skipped += near - reached[stream];
      reached[stream] = near;
    }
    onSkip(skipped);
    return skipped - before;
  };
  goNearEnd(first);
  const log = outputLog(element, onCut);
  let over = false;
  let lookAt = performance.now() + lookMs;
  following: while (!over && !ending.aborted) {
    await whenVisible(ending);
    const seen = whileVisible(ending);
    try {
      for await (const { stream, data, offset } of execution.output({ from: { ...reached }, signal: seen })) {
        await log.write(stream, data);
        reached[stream] = offset + data.length;
        if (performance.now() < lookAt) continue;
        const now = await execution.status({ signal: seen });
        onInfo(now);
        lookAt = performance.now() + lookMs;
        const { stdout, stderr } = now.outputBytes ?? reached;
        if (stdout + stderr - reached.stdout - reached.stderr < mostBehind) continue;
        await log.write('stderr', new TextEncoder().encode(`\n[${bytes(goNearEnd(now))} passed over]\n`));
        continue following;
      }
      over = true;
    } catch (error) {
      if (error instanceof OutputTruncatedError) {
        await log.write('stderr', new TextEncoder().encode(`\n${error.message}\n`));
        over = true;
      } else if (!seen.aborted) throw error;
    } finally {
      seen[Symbol.dispose]();
    }
  }
  log.end();
  if (!ending.aborted) onInfo(await execution.status({ signal: ending }));
}

/** Whether an error only says that an execution has ended. */
export function isOver(error: unknown): boolean {
  return error instanceof InvalidStateError || error instanceof NotFoundError;
}
