/** One measured figure; `ratio` is against the first row of its group. */
export interface Row {
  readonly what: string;
  readonly value: number;
  readonly unit: 'ms' | 'MiB/s' | 'MiB';
  readonly ratio?: number;
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
  return times.sort((a, b) => a - b)[n >> 1] ?? Number.NaN;
}

/** Reads a stream to its end and counts its bytes. */
export async function countedBytes(stream: AsyncIterable<Uint8Array>): Promise<number> {
  let bytes = 0;
  for await (const chunk of stream) bytes += chunk.length;
  return bytes;
}

export function printTable(rows: readonly Row[]): void {
  const width = Math.max(...rows.map(({ what }) => what.length));
  for (const { what, value, unit, ratio } of rows) {
    const figure = value.toFixed(value < 100 ? 2 : 0).padStart(9);
    console.log(
      `${what.padEnd(width)} ${figure} ${unit.padEnd(6)}${ratio === undefined ? '' : `${ratio.toFixed(2)} x`}`,
    );
  }
}
