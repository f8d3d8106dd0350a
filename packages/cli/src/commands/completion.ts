import { Argument, type Command } from 'commander';
import { type CompletionShell, completionScript, completionShells } from '../completion.ts';

/** `boxlite completion SHELL`. */
export function registerCompletion(program: Command): void {
  program
    .command('completion')
    .description('print a script that has a shell complete commands and options: source <(boxlite completion bash)')
    .addArgument(new Argument('<shell>', 'whose script it is').choices(completionShells))
    .action((shell: CompletionShell) => {
      process.stdout.write(completionScript(program, shell));
    });
}
