import 'uplot/dist/uPlot.min.css';
import uPlot from 'uplot';

/** A graph over time. */
export interface Chart extends Disposable {
  /** Times in seconds, and a series of values for each line; null where there is none. */
  show(times: readonly number[], lines: readonly (readonly (number | null)[])[]): void;
}

/** What a graph shows. */
export interface ChartOptions {
  readonly lines: readonly { readonly name: string; readonly color: string }[];
  /** A value for people. */
  readonly format: (value: number) => string;
  /** The axis goes at least so far. */
  readonly least: number;
}

const height = 150;

/** Draws a graph that is as wide as its element. */
export function openChart(place: HTMLElement, { lines, format, least }: ChartOptions): Chart {
  const color = (name: string): string => getComputedStyle(place).getPropertyValue(name).trim();
  const axis = {
    stroke: () => color('--dim'),
    grid: { stroke: () => color('--line'), width: 1 },
    ticks: { show: false },
  };
  const plot = new uPlot(
    {
      width: Math.max(200, place.clientWidth),
      height,
      cursor: { y: false },
      legend: { show: false },
      scales: { y: { range: (_plot, _min, max) => [0, Math.max(least, max * 1.15)] } },
      axes: [axis, { ...axis, size: 72, values: (_plot, values) => values.map(format) }],
      series: [
        {},
        ...lines.map((line) => ({
          stroke: () => color(line.color),
          width: 1.5,
          points: { show: false },
        })),
      ],
    },
    [[], ...lines.map(() => [])],
    place,
  );
  const resized = new ResizeObserver(() => plot.setSize({ width: Math.max(200, place.clientWidth), height }));
  resized.observe(place);
  return {
    show: (times, values) => plot.setData([[...times], ...values.map((one) => [...one])]),
    [Symbol.dispose]() {
      resized.disconnect();
      plot.destroy();
    },
  };
}
