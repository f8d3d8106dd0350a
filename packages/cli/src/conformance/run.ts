import { kitOf } from './kit.ts';
import { NotApplicable, Unmet } from './outcome.ts';
import type { Requirement } from './requirement.ts';
import type { Server } from './server.ts';

/** What became of a requirement. */
export interface Result {
  readonly id: string;
  readonly requirement: string;
  readonly clause: string;
  readonly outcome: 'passed' | 'failed' | 'not applicable';
  /** Why, unless it passed. */
  readonly reason: string | null;
  readonly duration_ms: number;
}

/** Holds a server to requirements, so many at a time; the results in the order of the requirements. */
export async function results(
  server: Server,
  requirements: readonly Requirement[],
  atOnce: number,
): Promise<readonly Result[]> {
  const found: Result[] = [];
  const rest = requirements.entries();
  const worker = async (): Promise<void> => {
    for (const [at, requirement] of rest) found[at] = await resultOf(server, requirement);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return found;
}

async function resultOf(server: Server, requirement: Requirement): Promise<Result> {
  const { id, text, clause } = requirement;
  const began = performance.now();
  const [outcome, reason] = await outcomeOf(server, requirement);
  return { id, requirement: text, clause, outcome, reason, duration_ms: Math.round(performance.now() - began) };
}

async function outcomeOf(
  server: Server,
  { needs = [], check }: Requirement,
): Promise<[Result['outcome'], string | null]> {
  try {
    for (const need of needs) need(server);
    await using kit = kitOf(server);
    await check(kit);
    return ['passed', null];
  } catch (thrown) {
    // Where cleaning up failed as well, what failed first is what counts.
    const error = thrown instanceof SuppressedError ? thrown.suppressed : thrown;
    if (error instanceof NotApplicable) return ['not applicable', error.message];
    if (error instanceof Unmet) return ['failed', error.message];
    throw error;
  }
}
