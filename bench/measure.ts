/** One measured figure; the ratios are against the first row of its group. */
export interface Row {
  readonly what: string;
  readonly value: number;
  readonly unit: 'ms' | 'us' | 'MiB/s' | 'MiB' | 'ms/MiB';
  readonly ratio?: number;
  /** The ratio of the two medians, where `ratio` is the median of the rounds' own. */
  readonly ratioOfMedians?: number;
}

export function milliseconds(value: number): Pick<Row, 'value' | 'unit'> {
  return { value, unit: 'ms' };
}

/** How long one call takes, in milliseconds. */
export async function once(work: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** The median of n calls one after another, in milliseconds. */
export async function medianMs(n: number, work: () => Promise<void>): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < n; i++) times.push(await once(work));
  return median(times);
}

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

/**
 * Measures several things in turns, so that what else the machine does meets all of them alike. Each has two ratios to the
 * first of them: the median of the rounds' own, which is right where the machine's speed drifts, and that of the medians, which
 * is right where each of the two comes in a fast and a slow mode of its own.
 */
export async function inTurns(
  rounds: number,
  unit: Row['unit'],
  measures: Readonly<Record<string, () => Promise<number>>>,
): Promise<Row[]> {
  const names = Object.keys(measures);
  const found: number[][] = [];
  for (let round = 0; round < rounds; round++) {
    const values: number[] = [];
    for (const name of names) values.push((await measures[name]?.()) ?? Number.NaN);
    found.push(values);
  }
  const medianOf = (i: number): number => median(found.map((values) => values[i] ?? Number.NaN));
  return names.map((what, i) => ({
    what,
    value: medianOf(i),
    unit,
    ratio: median(found.map((values) => (values[i] ?? Number.NaN) / (values[0] ?? Number.NaN))),
    ratioOfMedians: medianOf(i) / medianOf(0),
  }));
}

/** Reads a stream to its end and counts its bytes. */
export async function countedBytes(stream: AsyncIterable<Uint8Array>): Promise<number> {
  let bytes = 0;
  for await (const chunk of stream) bytes += chunk.length;
  return bytes;
}

export function printTable(rows: readonly Row[]): void {
  const width = Math.max(...rows.map(({ what }) => what.length));
  const times = (ratio: number): string => `${ratio.toFixed(ratio < 0.1 ? 4 : 2)} x`;
  for (const { what, value, unit, ratio, ratioOfMedians } of rows) {
    const figure = value.toFixed(value < 100 ? 2 : 0).padStart(9);
    const byRound = ratio === undefined ? '' : times(ratio);
    const byMedian = ratioOfMedians === undefined ? '' : `, of medians ${times(ratioOfMedians)}`;
    console.log(`${what.padEnd(width)} ${figure} ${unit.padEnd(7)}${byRound}${byMedian}`);
  }
}
