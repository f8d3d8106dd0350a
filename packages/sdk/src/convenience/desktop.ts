import type { Box } from '../box.ts';
import { ExecutionError } from '../errors.ts';
import type { Execution } from '../execution.ts';
import type { StartExecutionOptions } from '../start-execution.ts';
import { awaitLine } from './awaited-line.ts';
import { type BuiltImage, lacking } from './built-image.ts';

/** The image that has a desktop. */
export const desktopImage: BuiltImage = { name: 'boxlite/desktop', folder: 'desktop' };

/** The size of a screen in pixels. */
export interface ScreenSize {
  /** In pixels. */
  readonly width: number;
  /** In pixels. */
  readonly height: number;
}

/** What every program of the desktop has to know. */
export const desktopEnv = { DISPLAY: ':0' } as const;

/** What a tool says at most: some talk on, and one of another image may say anything. */
export const briefOutput: Pick<StartExecutionOptions, 'output'> = {
  output: { policy: 'truncate', limitBytes: 1024 * 1024 },
};

/** A desktop that runs. */
export interface Desktop {
  readonly size: ScreenSize;
  /** Its screen; undefined where somebody else started it. */
  readonly screen: Execution | undefined;
}

/** The desktop that runs in a box already, if one does. */
export async function findDesktop(box: Box): Promise<Desktop | undefined> {
  const { exitCode, stdout } = await box.run('xdotool', ['getdisplaygeometry'], { ...briefOutput, env: desktopEnv });
  const [, width, height] = /^(\d+) (\d+)\n$/.exec(stdout) ?? [];
  if (exitCode !== 0 || width === undefined || height === undefined) return undefined;
  return { size: { width: Number(width), height: Number(height) }, screen: undefined };
}

/** Starts a screen in memory and a window manager on it, and waits for both. */
export async function startDesktop(box: Box, size: ScreenSize, timeoutMs: number): Promise<Desktop> {
  // Of a screen that was killed with its box.
  await box.run('rm', ['-f', '/tmp/.X0-lock', '/tmp/.X11-unix/X0']);
  const screen = ['-screen', '0', `${size.width}x${size.height}x24`, '-nolisten', 'tcp'];
  // It writes its number once programs can connect.
  const xvfb = await execTool(box, 'Xvfb', [desktopEnv.DISPLAY, ...screen, '-displayfd', '1'], briefOutput);
  try {
    await awaitLine(xvfb, /^0$/m, { program: 'Xvfb', timeoutMs });
    const openbox = await execTool(
      box,
      'openbox',
      ['--sm-disable', '--startup', 'echo windows are managed'],
      briefOutput,
    );
    await awaitLine(openbox, /^windows are managed$/m, { program: 'openbox', timeoutMs });
    return { size, screen: xvfb };
  } catch (error) {
    await xvfb.kill().catch(() => undefined);
    throw error;
  }
}

/** Starts a program of the desktop; `ExecutionError` that says how to get an image with it where it is not there. */
export async function execTool(
  box: Box,
  program: string,
  args: readonly string[],
  options: StartExecutionOptions = {},
): Promise<Execution> {
  try {
    return await box.exec(program, args, { ...options, env: desktopEnv });
  } catch (error) {
    throw error instanceof ExecutionError ? lacking(program, desktopImage, error) : error;
  }
}
