import type { Box, Boxlite, Execution } from 'boxlite';
import { NotFoundError } from 'boxlite';
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Trouble } from './notices.tsx';
import { isOver } from './output-view.tsx';
import { said } from './session.ts';
import { screenInput, screenSizes } from './terminal-input.ts';
import { openScreen, type TerminalScreen } from './terminal-screen.ts';
import { whenVisible, whileVisible } from './visible.ts';

// The best shell that there is.
const shell = ['-c', 'command -v bash >/dev/null && exec bash; exec sh'];

const mostUnread = 1024 * 1024;

interface TerminalTabProps {
  readonly runtime: Boxlite;
  readonly boxId: string;
}

/** A shell in a box on a screen. It is hung up when the page is left; only its end starts another one. */
export function TerminalTab({ runtime, boxId }: TerminalTabProps): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const [turn, setTurn] = useState(0);
  const [ended, setEnded] = useState('');
  const [trouble, setTrouble] = useState('');
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const ending = new AbortController();
    setEnded('');
    setTrouble('');
    element.replaceChildren();
    converse(runtime, boxId, element, ending.signal)
      .then((exitCode) => {
        if (!ending.signal.aborted) setEnded(`The shell ended with exit code ${exitCode}.`);
      })
      .catch((error: unknown) => {
        if (!ending.signal.aborted) setTrouble(said(error));
      });
    return () => ending.abort();
  }, [runtime, boxId, turn]);
  const over = ended !== '' || trouble !== '';
  return (
    <div>
      <Trouble text={trouble} />
      {over && (
        <p class="row" role="status">
          {ended}
          <button type="button" class="primary" onClick={() => setTurn(turn + 1)}>
            Start another shell
          </button>
        </p>
      )}
      <div class="screen">
        <div ref={place} />
      </div>
    </div>
  );
}

/** A shell from its start to its end; its exit code. An abort hangs it up. */
async function converse(runtime: Boxlite, boxId: string, element: HTMLElement, ending: AbortSignal): Promise<number> {
  const box = await runtime.get(boxId, { signal: ending });
  if (box === null) throw new NotFoundError('the box is no longer there');
  const input = screenInput();
  const sizes = screenSizes();
  const screen = openScreen(element, { onInput: input.add, onSize: sizes.change });
  ending.addEventListener('abort', () => screen[Symbol.dispose](), { once: true });
  const execution = await startShell(box, screen);
  const hangUp = (): void => void execution.signal('SIGHUP').catch(() => {});
  ending.addEventListener('abort', hangUp, { once: true });
  if (ending.aborted) hangUp();
  const failed = Promise.withResolvers<never>();
  const note = (error: unknown): void => {
    if (!isOver(error)) failed.reject(error);
  };
  input.into(execution).catch(note);
  sizes.into(execution).catch(note);
  screen.focus();
  await Promise.race([show(execution, screen, ending), failed.promise]);
  ending.removeEventListener('abort', hangUp);
  return (await execution.wait({ signal: ending })).exitCode;
}

function startShell(box: Box, screen: TerminalScreen): Promise<Execution> {
  return box.exec('sh', shell, {
    ...{ tty: true, size: screen.size, env: { TERM: 'xterm-256color' } },
    // What floods the screen waits for it, so that control-C is seen to work.
    output: { policy: 'block', limitBytes: mostUnread },
  });
}

async function show(execution: Execution, screen: TerminalScreen, ending: AbortSignal): Promise<void> {
  let reached = 0;
  for (;;) {
    await whenVisible(ending);
    ending.throwIfAborted();
    const seen = whileVisible(ending);
    try {
      for await (const { data, offset } of execution.output({ from: { stdout: reached, stderr: 0 }, signal: seen })) {
        await screen.write(data);
        reached = offset + data.length;
      }
      return;
    } catch (error) {
      if (!seen.aborted) throw error;
    } finally {
      seen[Symbol.dispose]();
    }
  }
}
