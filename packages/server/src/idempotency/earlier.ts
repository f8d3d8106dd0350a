import type { BoxBackend } from 'boxlite/backend';
import type { RestCall } from '../routes/route.ts';

/** For calls that make something: notes its id before it is there. */
export function onId(call: RestCall): { readonly onId?: (id: string) => void } {
  const { attempt } = call;
  return attempt ? { onId: (id) => attempt.note({ id }) } : {};
}

/** The box that an earlier try of this request made before it was cut off; null when it made none. */
export async function madeEarlier({ attempt, backend }: RestCall): Promise<BoxBackend | null> {
  const id = attempt?.former?.id;
  return id === undefined ? null : backend.get(id);
}
