import type { Command } from 'commander';
import { collect } from './box-flags.ts';

/** Options that every command takes, from its flags, those of `boxlite` itself, or the environment. */
export interface GlobalOptions {
  readonly home: string | undefined;
  readonly registries: readonly string[];
  readonly url: string | undefined;
  readonly pathPrefix: string | undefined;
  /** A stored login, by name. */
  readonly profile: string | undefined;
  readonly debug: boolean;
}

interface GlobalFlags {
  readonly home?: string;
  readonly registry?: readonly string[];
  readonly url?: string;
  readonly pathPrefix?: string;
  readonly profile?: string;
  readonly debug?: boolean;
}

/** Adds the global options: shown in the help of `boxlite`, taken before and after the verb. */
export function addGlobalOptions(command: Command): Command {
  const options = [
    command.createOption('--home <dir>', 'where local boxes and images live (BOXLITE_HOME, ~/.boxlite)'),
    command
      .createOption('--registry <host>', 'registry for image names without one; http://HOST for plain HTTP')
      .argParser(collect),
    command.createOption('--url <url>', 'use a server in place of this machine (BOXLITE_REST_URL)'),
    command.createOption('--path-prefix <tenant>', 'tenant on that server (BOXLITE_REST_PATH_PREFIX)'),
    command.createOption('--profile <name>', 'a server that auth login stored (BOXLITE_PROFILE, default)'),
    command.createOption('--debug', 'print where an error came from'),
  ];
  for (const option of options) command.addOption(command.parent ? option.hideHelp() : option);
  return command;
}

/** The global options as they hold for a command: its own flags first, then those before it, then the environment. */
export function globalOptions(command: Command, env: NodeJS.ProcessEnv = process.env): GlobalOptions {
  const flags = flagsOf(command);
  return {
    home: flags.home ?? (env['BOXLITE_HOME'] || undefined),
    registries: flags.registry ?? [],
    url: flags.url ?? (env['BOXLITE_REST_URL'] || undefined),
    pathPrefix: flags.pathPrefix ?? (env['BOXLITE_REST_PATH_PREFIX'] || undefined),
    profile: flags.profile ?? (env['BOXLITE_PROFILE'] || undefined),
    debug: flags.debug === true,
  };
}

/** A command's own flags over those of the commands that it belongs to. */
function flagsOf(command: Command): GlobalFlags {
  const own = Object.entries(command.opts<GlobalFlags>()).filter(([, value]) => value !== undefined);
  return { ...(command.parent && flagsOf(command.parent)), ...Object.fromEntries(own) };
}
