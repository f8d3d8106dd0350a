import type { Command, Option } from 'commander';

/** The shells that {@link completionScript} knows. */
export const completionShells = ['bash', 'zsh'] as const;
/** A shell that can complete. */
export type CompletionShell = (typeof completionShells)[number];

interface Level {
  /** The words that lead to the command, such as `images rm`; empty for the program. */
  readonly path: string;
  readonly command: Command;
}

/** A script that has a shell complete the commands, options and choices of a program; it starts no process. */
export function completionScript(program: Command, shell: CompletionShell): string {
  const levels = levelsOf(program, '');
  const rows = (arms: readonly string[]): string => [...arms, '*) return 1 ;;'].map((arm) => `    ${arm}`).join('\n');
  const words = levels.map(({ path, command }) => `'${path}') echo '${namesOf(command.commands).join(' ')}' ;;`);
  const flags = levels.map(({ path, command }) => `'${path}') echo '${flagsOf(command.options).join(' ')}' ;;`);
  const values = levels.flatMap(({ path, command }) =>
    command.options.filter(takesValue).map((option) => {
      const patterns = flagsOf([option]).map((flag) => `'${path} ${flag}'`);
      return `${patterns.join(' | ')}) echo '${(option.argChoices ?? []).join(' ')}' ;;`;
    }),
  );
  const name = program.name();
  return `${shell === 'zsh' ? 'autoload -U +X bashcompinit && bashcompinit\n' : ''}_${name}_commands() {
  case "$1" in
${rows(words)}
  esac
}
_${name}_options() {
  case "$1" in
${rows(flags)}
  esac
}
_${name}_values() {
  case "$1 $2" in
${rows(values)}
  esac
}
_${name}() {
  local current="\${COMP_WORDS[COMP_CWORD]}" path='' argument='' value='' word i
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="\${COMP_WORDS[i]}"
    if [[ -n $value ]]; then
      value=''
    elif [[ $word == -* ]]; then
      _${name}_values "$path" "$word" > /dev/null && value=$word
    elif [[ -z $argument && " $(_${name}_commands "$path") " == *" $word "* ]]; then
      path="\${path:+$path }$word"
    else
      argument=$word
    fi
  done
  if [[ -n $value ]]; then
    COMPREPLY=($(compgen -W "$(_${name}_values "$path" "$value")" -- "$current"))
  elif [[ $current == -* ]]; then
    COMPREPLY=($(compgen -W "$(_${name}_options "$path")" -- "$current"))
  elif [[ -z $argument ]]; then
    COMPREPLY=($(compgen -W "$(_${name}_commands "$path")" -- "$current"))
  else
    COMPREPLY=()
  fi
}
complete -o default -F _${name} ${name}
`;
}

/** A command under each of its names, and what is below it. */
function levelsOf(command: Command, path: string): readonly Level[] {
  const below = command.commands.flatMap((one) =>
    namesOf([one]).flatMap((name) => levelsOf(one, path === '' ? name : `${path} ${name}`)),
  );
  return [{ path, command }, ...below];
}

const namesOf = (commands: readonly Command[]): readonly string[] =>
  commands.flatMap((command) => [command.name(), ...command.aliases()]);

const flagsOf = (options: readonly Option[]): readonly string[] =>
  options.filter(({ hidden }) => !hidden).flatMap(({ long, short }) => [long, short].filter((flag) => flag != null));

const takesValue = ({ required, optional, hidden }: Option): boolean => !hidden && (required || optional);
