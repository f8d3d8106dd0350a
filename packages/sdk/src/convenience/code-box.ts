import { checkText, checkTexts, refuse } from '../argument.ts';
import type { CallOptions } from '../backend/backend.ts';
import { ExecutionError } from '../errors.ts';
import { randomUuid } from '../random-uuid.ts';
import type { RunResult } from '../run.ts';
import type { StartExecutionOptions } from '../start-execution.ts';
import { CodeContext, type CodeContextOptions } from './code-context.ts';
import { type HeldBox, holdBox, SimpleBox, type SimpleBoxOptions } from './simple-box.ts';

/** Options of one run of code. */
export type RunCodeOptions = Pick<StartExecutionOptions, 'env' | 'workingDir' | 'timeoutMs' | 'stdin' | 'signal'>;

/** A box that runs Python. */
export class CodeBox extends SimpleBox {
  readonly #contexts = new Set<CodeContext>();

  private constructor(held: HeldBox) {
    super(held);
  }

  /** Makes the box; it is started by its first use. @default image 'python:slim'; any with `python3` will do */
  static override async create(options: SimpleBoxOptions = {}, call: CallOptions = {}): Promise<CodeBox> {
    const image = options.rootfsPath === undefined ? { image: 'python:slim' } : {};
    return new CodeBox(await holdBox({ ...image, ...options }, call));
  }

  /** Runs a program in a Python of its own; what it printed. `ExecutionError` with its stderr when it fails. */
  async run(code: string, options: RunCodeOptions = {}): Promise<string> {
    checkText('code', code);
    const path = `/tmp/boxlite-${randomUuid()}.py`;
    await this.box.files.write(path, code, { signal: options.signal });
    return succeeded('the program', await this.#runFile(path, path, [], options));
  }

  /** Copies a script of this host into the box and runs it there, with arguments. */
  async runScript(hostPath: string, args: readonly string[] = [], options: RunCodeOptions = {}): Promise<string> {
    checkText('hostPath', hostPath);
    checkTexts('args', args);
    const folder = `/tmp/boxlite-${randomUuid()}`;
    await this.box.copyIn(hostPath, `${folder}/script.py`, { signal: options.signal });
    return succeeded(hostPath, await this.#runFile(`${folder}/script.py`, folder, args, options));
  }

  /** Runs a file that was put into the box for this, and takes it away again: a box may run thousands. */
  async #runFile(path: string, placed: string, args: readonly string[], options: RunCodeOptions): Promise<RunResult> {
    const result = await this.exec('python3', ['-u', path, ...args], options);
    // A signal may be that of a stop, after which a use would start the box again.
    if (result.signal === undefined || result.timedOut)
      await this.box.files.remove(placed, { recursive: true }).catch(() => undefined);
    return result;
  }

  /** Installs packages by pip; needs a network that lets the box reach an index. What pip said. */
  async installPackages(packages: string | readonly string[], options: RunCodeOptions = {}): Promise<string> {
    const names = [packages].flat();
    checkTexts('packages', names);
    for (const name of names) if (name.startsWith('-')) refuse('packages', 'names, not options of pip', name);
    if (names.length === 0) return '';
    const pip = ['-m', 'pip', 'install', '--no-input', '--disable-pip-version-check', '--root-user-action=ignore'];
    return succeeded('pip install', await this.exec('python3', [...pip, ...names], options));
  }

  /** Opens a Python whose variables survive from one run to the next; it ends with the box at the latest. */
  async context(options: CodeContextOptions = {}): Promise<CodeContext> {
    const context = await CodeContext.open(this.box, options);
    this.#contexts.add(context);
    return context;
  }

  /** Ends its contexts and stops the box. Twice is fine. */
  override async stop(): Promise<void> {
    await Promise.allSettled(Array.from(this.#contexts, (context) => context.close()));
    this.#contexts.clear();
    await super.stop();
  }
}

function succeeded(what: string, { exitCode, stdout, stderr, timedOut }: RunResult): string {
  if (exitCode === 0) return stdout;
  const why = timedOut ? 'took longer than its timeoutMs' : `failed with exit code ${exitCode}`;
  throw new ExecutionError(`${what} ${why}: ${stderr.trim() || '(nothing on stderr)'}`);
}
