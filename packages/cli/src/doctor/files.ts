import { access, constants } from 'node:fs/promises';
import { type Check, optional, required } from './check.ts';

/** The files of this installation that boxes are started with. */
export async function fileChecks(files: {
  readonly guestBinary: string;
  readonly baseImageDir: string;
}): Promise<readonly Check[]> {
  const [guest, image] = await Promise.all([
    can(files.guestBinary, constants.X_OK),
    can(files.baseImageDir, constants.R_OK),
  ]);
  return [
    required('guest', guest, files.guestBinary, 'npm run setup in the clone, or reinstall @boxlite/runtime'),
    optional('base image', image, files.baseImageDir, 'npm run setup in the clone, or reinstall @boxlite/runtime'),
  ];
}

async function can(path: string, mode: number): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false,
  );
}
