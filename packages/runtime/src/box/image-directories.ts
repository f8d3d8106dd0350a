import type { GuestChannel } from '../guest/channel.ts';
import type { BoxRecord } from '../store/box-records.ts';
import { absolute, receive } from './transfer.ts';

/**
 * Makes the directories that a box is to have from its start, where its image lacks them: the one that its commands start
 * in, and the volumes that its image names. What is in the way stays; the command that needs the directory says so.
 */
export async function makeImageDirectories(
  channel: GuestChannel,
  { options, defaults }: Pick<BoxRecord, 'options' | 'defaults'>,
  nextNumber: () => number,
): Promise<void> {
  const paths = new Set([options.workingDir ?? defaults.workingDir, ...(defaults.volumes ?? [])]);
  for (const path of paths) {
    if (path === '' || path === '/') continue;
    try {
      // One after another: a box may have room for few processes.
      const answer = await receive(channel, nextNumber(), ['file-mkdir', absolute(path), '1', '755'], {
        signal: undefined,
        onBytes: () => {},
        onEnd: () => {},
      });
      await answer.cancel();
    } catch {
      // Told by the command that wants to be there.
    }
  }
}
