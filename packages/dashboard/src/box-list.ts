import { type Signal, signal } from '@preact/signals';
import { type BoxInfo, type Boxlite, type BoxStatus, NetworkError, type RuntimeEvent } from 'boxlite';
import { againMs } from './asked.ts';
import { onBoxEvents } from './box-events.ts';
import { said } from './session.ts';
import { waited, whenVisible } from './visible.ts';

/** Which boxes to show. */
export interface BoxFilter {
  readonly status?: BoxStatus;
  readonly namePrefix?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** Boxes that are kept up to date. */
export interface BoxList {
  /** Oldest first; undefined until they have come. */
  readonly boxes: Signal<readonly BoxInfo[] | undefined>;
  /** Whether there are more than these. */
  readonly more: Signal<boolean>;
  readonly error: Signal<string>;
  /** Shows twice as many. */
  showMore(): void;
  /** What a call told of a box, before an event does; undefined where it is gone. */
  put(id: string, info: BoxInfo | undefined): void;
  close(): void;
}

const firstCount = 200;
/** More changes at a time than that, and all are asked for anew. */
const fewChanges = 20;

/** Lists boxes from now on. */
export function boxList(runtime: Boxlite, filter: BoxFilter): BoxList {
  const boxes = signal<readonly BoxInfo[] | undefined>(undefined);
  const more = signal(false);
  const error = signal('');
  const ending = new AbortController();
  let limit = firstCount;
  let turn = 0;
  let loaded = 0;

  async function load(): Promise<void> {
    const mine = ++turn;
    try {
      const found = await runtime.listInfo({ ...filter, limit: limit + 1, pageSize: 1000, signal: ending.signal });
      if (mine !== turn) return;
      loaded = mine;
      more.value = found.length > limit;
      boxes.value = found.slice(0, limit);
      error.value = '';
    } catch (thrown) {
      if (ending.signal.aborted || mine !== turn) return;
      error.value = said(thrown);
      if (!(thrown instanceof NetworkError)) return;
      await waited(againMs, ending.signal);
      await whenVisible(ending.signal);
      if (!ending.signal.aborted && mine === turn) await load();
    }
  }

  function put(id: string, info: BoxInfo | undefined): void {
    const now = boxes.value;
    if (now === undefined) return;
    const shown = info !== undefined && fits(info, filter);
    const at = now.findIndex((box) => box.id === id);
    if (at < 0) {
      // What is new comes after all that is shown, so also after what is not shown yet.
      if (shown && !more.value) boxes.value = [...now, info].sort((a, b) => (a.id < b.id ? -1 : 1));
    } else if (shown) boxes.value = now.with(at, info);
    else boxes.value = now.toSpliced(at, 1);
  }

  async function follow(events: readonly RuntimeEvent[]): Promise<void> {
    const changed = new Set<string>();
    for (const event of events) {
      if ('boxId' in event) changed.add(event.boxId);
      else changed.clear();
    }
    if (changed.size > fewChanges || events.some((event) => !('boxId' in event))) return load();
    // A list that is under way may be older than what is asked for here.
    if (loaded !== turn) return load();
    await Promise.all(
      [...changed].map(async (id) => {
        try {
          put(id, (await runtime.getInfo(id, { signal: ending.signal })) ?? undefined);
        } catch (thrown) {
          if (!ending.signal.aborted) error.value = said(thrown);
        }
      }),
    );
  }

  const stop = onBoxEvents((events) => void follow(events));
  void load();
  return {
    ...{ boxes, more, error, put },
    showMore() {
      limit *= 2;
      void load();
    },
    close() {
      stop();
      ending.abort();
    },
  };
}

function fits(box: BoxInfo, { status, namePrefix, labels = {} }: BoxFilter): boolean {
  if (status !== undefined && box.status !== status) return false;
  if (namePrefix !== undefined && !box.name?.startsWith(namePrefix)) return false;
  return Object.entries(labels).every(([name, value]) => box.labels[name] === value);
}
