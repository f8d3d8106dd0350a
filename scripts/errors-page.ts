import { type ErrorCode, errorTable } from 'boxlite/backend';
import { isTransient } from '../packages/rest/src/retrying.ts';
import { table } from './markdown-table.ts';

/** What whoever gets the error may do; a code without advice does not compile. */
const advice: Readonly<Record<ErrorCode, string>> = {
  invalid_argument: 'Correct the value that the message names.',
  unsupported: 'Do without, or use a backend that has it: `runtime.config()` says what this one has.',
  unauthenticated: 'Get a new credential; the client has renewed a token already.',
  permission_denied: 'Ask the operator for the scope, directory, port or registry that the message names.',
  not_found: 'Check the id or the name; it may have been removed, or belong to another tenant.',
  already_exists: 'Choose another name, or take what is there: `getOrCreate`, `overwrite`.',
  invalid_state: 'Do first what the message says, such as a stop before a restore.',
  stopped: 'Start the box again, or open a new runtime.',
  execution_lost: 'Look at what the command has done before it is run again: it may have run to its end.',
  output_truncated: "Take what came before it as a part. Use `policy: 'block'`, or a higher limit, next time.",
  payload_too_large: 'Send it in parts.',
  image_failed: 'Check the reference, the registry and the network; the message says what each registry answered.',
  execution_failed: 'Check that the program is in the image and may be executed.',
  resource_exhausted: 'Free something or wait, then try again; or have the limit raised.',
  storage_failed: 'Free room on the disk of the home directory; the message names the file.',
  internal: 'Report it, with the request id; the log of the server has its cause.',
  network_failed: 'Check the address and that it can be reached; try again later.',
  engine_failed: 'Run `boxlite doctor` on the machine that runs the boxes.',
  timeout: 'Allow more time, or look at why it takes so long.',
};

/** docs/reference/errors.md, as the table of errors and the client's retries say it now. */
export function errorsPage(): string {
  const rows = codes().map((code) => {
    const { type, status, meaning } = errorTable[code];
    const retried = isTransient(status) ? 'yes' : 'no';
    return [`\`${code}\``, `\`${type}\``, `${status}`, retried, meaning, advice[code]];
  });
  const parts = [
    '# Every error',
    '<!-- Made from packages/sdk/src/error-table.ts by scripts/reference.ts: change the table there, then run the script. -->',
    'Everything that BoxLite throws on purpose is a `BoxliteError` with one of these codes, of the class beside it, from either backend. ' +
      '[Errors and retries](../guides/errors.md) says how to handle them.',
    table(['`code`', 'Class', 'HTTP', 'Retried', 'Meaning', 'What to do'], rows),
    '**Retried** is what the REST client does by itself with an answer of that status, and with a connection that breaks: a ' +
      'few times, with waits that grow ([how](../guides/remote.md#retries)). You see the error when that did not help. A local runtime tries nothing again.',
  ];
  return `${parts.join('\n\n')}\n`;
}

function codes(): readonly ErrorCode[] {
  return Object.keys(errorTable).filter((code): code is ErrorCode => code in errorTable);
}
