/** A place where output is shown: bounded, however much comes. */
export interface OutputLog {
  /** Shows a piece once the page is drawn next; resolves when more may come. */
  write(stream: 'stdout' | 'stderr', data: Uint8Array): Promise<void>;
  /** Shows what is left over of text that was cut in the middle of a character. */
  end(): void;
}

const mostCharacters = 128 * 1024;
/** Each change between stdout and stderr is a piece of its own, and a browser is slow with very many. */
const mostPieces = 4000;
/** So long the page answers nobody while output comes. */
const turnMs = 12;
/** So much is taken at once between two drawings. */
const mostWaiting = 4 * 1024 * 1024;
// What a terminal would obey: control sequences, strings of an operating system command, and other control characters.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const controls = /\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b.?|[\x00-\x08\x0b-\x1f\x7f]/g;

/** Lets the page do what else there is. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}

/** Shows output in an element, as text and nothing else. `onCut` is told how many characters are no longer there. */
export function outputLog(place: HTMLElement, onCut: (characters: number) => void): OutputLog {
  const decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() };
  let waiting: { readonly stream: 'stdout' | 'stderr'; text: string }[] = [];
  let waitingLength = 0;
  let shown = 0;
  let cut = 0;
  let drawn: Promise<void> | undefined;
  let until = 0;

  function add(stream: 'stdout' | 'stderr', text: string): void {
    if (text === '') return;
    const last = waiting.at(-1);
    if (last?.stream === stream) last.text += text;
    else waiting.push({ stream, text });
    waitingLength += text.length;
  }

  function append(stream: string, text: string): void {
    const last = place.lastElementChild;
    // One that has grown long is left alone: to add to it costs as much as it has.
    const goesOn = last?.className === stream && (last.textContent?.length ?? 0) < 4096;
    const piece = goesOn ? last : document.createElement('span');
    piece.append(text);
    if (goesOn) return;
    piece.className = stream;
    place.append(piece);
  }

  /** The first piece goes, or as much of it as is too much. */
  function cutFirst(): void {
    const first = place.firstElementChild;
    const text = first?.textContent ?? '';
    const length = place.childNodes.length > mostPieces ? text.length : Math.min(text.length, shown - mostCharacters);
    if (first && length < text.length) first.textContent = text.slice(length);
    else first?.remove();
    shown -= length;
    cut += length;
  }

  function draw(): void {
    drawn = undefined;
    const atEnd = place.scrollHeight - place.scrollTop - place.clientHeight < 40;
    const pieces = waiting;
    waiting = [];
    waitingLength = 0;
    for (const { stream, text } of pieces) {
      // Cut first: what nobody will see is not looked through.
      const last = text.slice(-mostCharacters);
      cut += text.length - last.length;
      const kept = last.replace(controls, '');
      shown += kept.length;
      if (kept !== '') append(stream, kept);
    }
    while (shown > mostCharacters || place.childNodes.length > mostPieces) cutFirst();
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
      if (performance.now() < until) return;
      await nextTurn();
      until = performance.now() + turnMs;
    },
    end() {
      for (const stream of ['stdout', 'stderr'] as const) add(stream, decoders[stream].decode());
      void soon();
    },
  };
}
