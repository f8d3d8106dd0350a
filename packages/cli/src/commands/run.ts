import { type Box, type Boxlite, type BoxOptions, type Execution, NotFoundError } from 'boxlite';
import { attach, shareTerminal, terminalSize } from 'boxlite/host';
import type { Command } from 'commander';
import { addBoxFlags, type BoxFlags, boxOptions } from '../box-flags.ts';
import { withRuntime } from '../connect.ts';
import { leavingUntil } from '../signals.ts';
import { requireTerminal } from '../terminal.ts';
import { UsageError } from '../usage.ts';

interface RunFlags extends BoxFlags {
  readonly interactive?: boolean;
  readonly tty?: boolean;
  readonly detach?: boolean;
}

/** `boxlite run`: a new box, one command in it, its output and exit code here. */
export function registerRun(program: Command): void {
  const command = program
    .command('run')
    .description('create a box, run a command in it, and stop the box when the command ends')
    .argument('[image]', 'image of the box; left out with --rootfs')
    .argument('[command...]', "the command, for the image's entrypoint where it has one; the image's own unless given")
    .passThroughOptions()
    .option('-i, --interactive', 'feed stdin to the command')
    .option('-t, --tty', 'give the command a terminal')
    .option('-d, --detach', 'leave the command running and print the id of the box')
    .option('--rm', 'remove the box when the command ends');
  addBoxFlags(command).action(async (first: string | undefined, rest: readonly string[], flags: RunFlags) => {
    const [image, words] = imageAndWords(first, rest, flags);
    requireTerminal(flags);
    if (flags.detach) refuseRm(flags, '-d, whose box outlives this command');
    const options = { ...boxOptions(image, flags), detach: flags.detach === true };
    process.exitCode = await withRuntime(command, async (runtime) => {
      // Until the command runs, a signal is for this one: no box is left of it.
      using leave = leavingUntil();
      const box = await runtime.create(
        {
          ...options,
          ...(flags.detach && mainCommand(words, flags)),
        },
        flags.name,
        leave,
      );
      if (!flags.detach) return await runAttached(runtime, box, words, flags, leave);
      leave[Symbol.dispose]();
      return startDetached(box);
    });
  });
}

/** Nobody would be there to do it: such a box could not even be started. */
export function refuseRm({ rm }: BoxFlags, what: string): void {
  if (!rm) return;
  throw new UsageError(`--rm does not go with ${what}: --auto-delete SECONDS removes a box so long after its end`);
}

/** With `--rootfs` there is no image: every word is the command's. */
export function imageAndWords(
  first: string | undefined,
  rest: readonly string[],
  flags: BoxFlags,
): readonly [image: string | undefined, words: readonly string[]] {
  if (flags.rootfs === undefined) {
    if (first === undefined) throw new UsageError('name an image, such as boxlite/base:latest, or give --rootfs');
    return [first, commandWords(rest)];
  }
  return [undefined, commandWords(first === undefined ? [] : [first, ...rest])];
}

/** A command's words, after a `--` where there is one. An option in their place would quietly become a program's name. */
export function commandWords(words: readonly string[]): readonly string[] {
  const [first] = words;
  if (first === '--') return words.slice(1);
  if (first?.startsWith('-')) {
    throw new UsageError(`${first} stands where the command begins: put options first, or -- before the command`);
  }
  return words;
}

/** What a box that goes on by itself runs from its start. */
function mainCommand(words: readonly string[], flags: RunFlags): Pick<BoxOptions, 'entrypoint' | 'cmd' | 'tty'> {
  return {
    ...(flags.tty && { tty: true }),
    ...(flags.entrypoint !== undefined && { entrypoint: [flags.entrypoint] }),
    ...((words.length > 0 || flags.entrypoint !== undefined) && { cmd: words }),
  };
}

async function startDetached(box: Box): Promise<number> {
  const { mainExecutionId } = await box.start();
  const main = mainExecutionId === undefined ? await imageCommand(box) : await box.execution(mainExecutionId);
  await main?.stdin.close();
  process.stdout.write(`${box.id}\n`);
  return 0;
}

async function imageCommand(box: Box): Promise<Execution | undefined> {
  const [program, ...args] = await commandOf(box, [], {});
  return program === undefined ? undefined : box.exec(program, args);
}

/** The program and arguments of a command: its words follow the entrypoint, and without any the image's command does. */
async function commandOf(box: Box, words: readonly string[], flags: BoxFlags): Promise<readonly string[]> {
  if (flags.entrypoint !== undefined) return [flags.entrypoint, ...words];
  const { entrypoint = [], cmd = [] } = await box.info();
  return [...entrypoint, ...(words.length > 0 ? words : cmd)];
}

async function runAttached(
  runtime: Boxlite,
  box: Box,
  words: readonly string[],
  flags: RunFlags,
  leave: Disposable & { readonly signal: AbortSignal },
): Promise<number> {
  try {
    const [program = 'sh', ...args] = await commandOf(box, words, flags);
    const size = terminalSize();
    const { signal } = leave;
    const execution = await box.exec(program, args, { tty: flags.tty === true, signal, ...(size && { size }) });
    leave[Symbol.dispose]();
    using _terminal = flags.tty && flags.interactive ? shareTerminal(execution) : undefined;
    return await attach(execution, {
      stdin: flags.interactive ? process.stdin : undefined,
      stdout: process.stdout,
      stderr: process.stderr,
    });
  } finally {
    // A signal does not break this off, a second one does.
    using _held = leavingUntil();
    // What the box or the command failed with is the error to show, not that the box is gone already.
    await (flags.rm ? runtime.remove(box.id, { force: true }) : box.stop()).catch(unlessGone);
  }
}

function unlessGone(error: unknown): void {
  if (!(error instanceof NotFoundError)) throw error;
}
