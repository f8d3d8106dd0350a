/** A place where output is shown: bounded, however much comes. */
export interface OutputLog {
  /** Shows a piece once the page is drawn next; resolves when more may come. */
  write(stream: 'stdout' | 'stderr', data: Uint8Array): Promise<void>;
  /** Shows what is left over of text that was cut in the middle of a character. */
  end(): void;
}

const mostCharacters = 256 * 1024;
/** So much is taken at once between two drawings. */
const mostWaiting = 512 * 1024;
// What a terminal would obey: control sequences, strings of an operating system command, and other control characters.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const controls = /\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b.?|[\x00-\x08\x0b-\x1f\x7f]/g;

/** Shows output in an element, as text and nothing else. `onCut` is told how many characters are no longer there. */
export function outputLog(place: HTMLElement, onCut: (characters: number) => void): OutputLog {
  const decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() };
  let waiting: { readonly stream: 'stdout' | 'stderr'; text: string }[] = [];
  let waitingLength = 0;
  let shown = 0;
  let cut = 0;
  let drawn: Promise<void> | undefined;

  function add(stream: 'stdout' | 'stderr', text: string): void {
    if (text === '') return;
    const last = waiting.at(-1);
    if (last?.stream === stream) last.text += text;
    else waiting.push({ stream, text });
    waitingLength += text.length;
  }

  function draw(): void {
    drawn = undefined;
    const atEnd = place.scrollHeight - place.scrollTop - place.clientHeight < 40;
    const pieces = waiting;
    waiting = [];
    waitingLength = 0;
    for (const { stream, text } of pieces) {
      const kept = text.replace(controls, '').slice(-mostCharacters);
      cut += text.length - kept.length > 0 && kept.length === mostCharacters ? text.length - kept.length : 0;
      const line = document.createElement('span');
      line.className = stream;
      line.textContent = kept;
      place.append(line);
      shown += kept.length;
    }
    while (shown > mostCharacters && place.childNodes.length > 1) {
      const length = place.firstChild?.textContent?.length ?? 0;
      place.firstChild?.remove();
      shown -= length;
      cut += length;
    }
    if (cut > 0) onCut(cut);
    if (atEnd) place.scrollTop = place.scrollHeight;
  }

  function soon(): Promise<void> {
    drawn ??= new Promise((resolve) =>
      requestAnimationFrame(() => {
        draw();
        resolve();
      }),
    );
    return drawn;
  }

  return {
    async write(stream, data) {
      add(stream, decoders[stream].decode(data, { stream: true }));
      const next = soon();
      if (waitingLength > mostWaiting) await next;
    },
    end() {
      for (const stream of ['stdout', 'stderr'] as const) add(stream, decoders[stream].decode());
      void soon();
    },
  };
}
