import { attach, shareTerminal, terminalSize } from 'boxlite/host';
import { type Command, Option } from 'commander';
import { collect, parseEnvironment, wholeNumber } from '../box-flags.ts';
import { existingBox, withRuntime } from '../connect.ts';
import { requireTerminal } from '../terminal.ts';
import { UsageError } from '../usage.ts';
import { commandWords } from './run.ts';

interface ExecFlags {
  readonly interactive?: boolean;
  readonly tty?: boolean;
  readonly env?: readonly string[];
  readonly workdir?: string;
  readonly user?: string;
  readonly detach?: boolean;
  readonly timeout?: number;
  readonly outputLimit?: number;
  readonly outputPolicy?: 'truncate' | 'block';
}

/** `boxlite exec`: a command in a box that exists, its output and exit code here. */
export function registerExec(program: Command): void {
  const command = program
    .command('exec')
    .description('run a command in a box; starts the box if need be')
    .argument('<box>', 'id or name')
    .argument('<command...>', 'the command and its arguments')
    .passThroughOptions()
    .option('-i, --interactive', 'feed stdin to the command')
    .option('-t, --tty', 'give the command a terminal')
    .option('-e, --env <NAME=VALUE>', 'set an environment variable; NAME alone takes it from this process', collect)
    .option('-w, --workdir <dir>', 'working directory in the box')
    .option('-u, --user <user[:group]>', 'run as this user')
    .option('-d, --detach', 'leave the command running and print its id')
    .option('--timeout <seconds>', 'end the command after this time', wholeNumber('--timeout'))
    .option('--output-limit <bytes>', 'most output kept, or with block ahead of readers', wholeNumber('--output-limit'))
    .addOption(
      new Option('--output-policy <policy>', 'cut more output than the limit, or let the command wait').choices([
        'truncate',
        'block',
      ]),
    );
  command.action(async (name: string, words: readonly string[], flags: ExecFlags) => {
    const [program, ...args] = commandWords(words);
    if (program === undefined) throw new UsageError('give the command to run: boxlite exec BOX -- COMMAND');
    requireTerminal(flags);
    const size = terminalSize();
    const options = {
      tty: flags.tty === true,
      ...(size && { size }),
      ...(flags.env && { env: parseEnvironment(flags.env, process.env) }),
      ...(flags.workdir !== undefined && { workingDir: flags.workdir }),
      ...(flags.user !== undefined && { user: flags.user }),
      ...(flags.timeout !== undefined && { timeoutMs: flags.timeout * 1000 }),
      ...((flags.outputLimit !== undefined || flags.outputPolicy) && {
        output: {
          ...(flags.outputLimit !== undefined && { limitBytes: flags.outputLimit }),
          ...(flags.outputPolicy && { policy: flags.outputPolicy }),
        },
      }),
    };
    process.exitCode = await withRuntime(command, async (runtime) => {
      const execution = await (await existingBox(runtime, name)).exec(program, args, options);
      if (flags.detach) {
        await execution.stdin.close();
        process.stdout.write(`${execution.id}\n`);
        return 0;
      }
      using _terminal = flags.tty && flags.interactive ? shareTerminal(execution) : undefined;
      return await attach(execution, {
        stdin: flags.interactive ? process.stdin : undefined,
        stdout: process.stdout,
        stderr: process.stderr,
      });
    });
  });
}
