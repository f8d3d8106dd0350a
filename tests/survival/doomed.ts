// Started by crash-matrix.ts: goes through a scenario on a home directory, tells each thing that is done as a line of JSON, and is
// killed at a point of its way.
import { writeSync } from 'node:fs';
import process from 'node:process';
import { killAt } from './effects.ts';
import type { Fact } from './scenarios.ts';

const [home = '', input = '', name = '', index, side] = process.argv.slice(2);
const point =
  index === undefined ? undefined : ({ index: Number(index), side: side === 'after' ? 'after' : 'before' } as const);
const say = (line: object): void => void writeSync(1, `${JSON.stringify(line)}\n`);
killAt(point, home, (step) => say({ step }));
const { Boxlite } = await import('boxlite');
const { scenarios, warmBoxes } = await import('./scenarios.ts');
const runtime = await Boxlite.local({ homeDir: home, warm: warmBoxes[name] ?? [] });
await scenarios[name]?.(runtime, input, (fact: Fact) => say({ fact }));
await runtime.shutdown();
say({ fact: { done: 'all' } });
