import { Command } from 'commander';
import { registerAuth } from './commands/auth.ts';
import { registerClone } from './commands/clone.ts';
import { registerCompletion } from './commands/completion.ts';
import { registerConformance } from './commands/conformance.ts';
import { registerCp } from './commands/cp.ts';
import { registerCreate } from './commands/create.ts';
import { registerDoctor } from './commands/doctor.ts';
import { registerEvents } from './commands/events.ts';
import { registerExec } from './commands/exec.ts';
import { registerExport } from './commands/export.ts';
import { registerImages } from './commands/images.ts';
import { registerImport } from './commands/import.ts';
import { registerInfo } from './commands/info.ts';
import { registerInspect } from './commands/inspect.ts';
import { registerKeys } from './commands/keys.ts';
import { registerList } from './commands/list.ts';
import { registerLogs } from './commands/logs.ts';
import { registerNetwork } from './commands/network.ts';
import { registerPause } from './commands/pause.ts';
import { registerPull } from './commands/pull.ts';
import { registerRestart } from './commands/restart.ts';
import { registerResume } from './commands/resume.ts';
import { registerRm } from './commands/rm.ts';
import { registerRun } from './commands/run.ts';
import { registerServe } from './commands/serve.ts';
import { registerSnapshot } from './commands/snapshot.ts';
import { registerStart } from './commands/start.ts';
import { registerStats } from './commands/stats.ts';
import { registerStop } from './commands/stop.ts';
import { registerVolume } from './commands/volume.ts';
import { addGlobalOptions } from './globals.ts';

const verbs = [
  registerRun,
  registerCreate,
  registerExec,
  registerList,
  registerInspect,
  registerStart,
  registerStop,
  registerRestart,
  registerPause,
  registerResume,
  registerRm,
  registerCp,
  registerPull,
  registerImages,
  registerLogs,
  registerEvents,
  registerSnapshot,
  registerClone,
  registerExport,
  registerImport,
  registerVolume,
  registerStats,
  registerInfo,
  registerNetwork,
  registerServe,
  registerAuth,
  registerKeys,
  registerConformance,
  registerDoctor,
  registerCompletion,
];

/** The whole command line: `boxlite` and its verbs. */
export function boxliteProgram(version: string): Command {
  const program = new Command('boxlite')
    .description('Sandboxes for AI agents: boxes on this machine, or on a server with --url.')
    .version(version, '--version')
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error:/, 'Error:')) })
    .showHelpAfterError('boxlite --help shows the commands, boxlite COMMAND --help their options');
  addGlobalOptions(program);
  for (const register of verbs) register(program);
  for (const command of withSubcommands(program)) addGlobalOptions(command);
  return program;
}

function withSubcommands(program: Command): readonly Command[] {
  return program.commands.flatMap((command) => [command, ...withSubcommands(command)]);
}
