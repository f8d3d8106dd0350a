import { abortable } from './abortable.ts';
import type { LocalBox } from './local-box.ts';

/**
 * A box that is being made, for who asked for it. Who leaves before it is there never learns its id: without a name it is
 * nobody's, and removed, unless somebody has found it meanwhile and starts it.
 */
export async function madeFor(
  { name, signal }: { readonly name: string | undefined; readonly signal: AbortSignal | undefined },
  made: Promise<LocalBox>,
): Promise<LocalBox> {
  try {
    return await abortable(made, signal);
  } catch (error) {
    if (signal?.aborted && name === undefined) void made.then(removeUnused).catch(() => {});
    throw error;
  }
}

async function removeUnused({ life }: LocalBox): Promise<void> {
  if (life.state.status === 'configured') await life.remove(false);
}
