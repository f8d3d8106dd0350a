import { basename } from 'node:path';
import { getLibFiles, ts } from '@ts-morph/common';

const libs: ReadonlyMap<string, string> = new Map(getLibFiles().map(({ fileName, text }) => [fileName, text]));
const libFolder = '/lib-of-typescript-5';

/** What TypeScript 5.9, which most projects have today, says of files: `code message`. */
export function errorsOf(rootNames: readonly string[], compilerOptions: object): readonly string[] {
  return diagnosed(programOf(rootNames, compilerOptions));
}

/** What a program costs TypeScript 5.9, in figures that do not depend on the machine, and in milliseconds that do. */
export interface Effort {
  readonly errors: readonly string[];
  /** The files that were read, but those of its own library. */
  readonly files: readonly string[];
  readonly lines: number;
  readonly types: number;
  readonly instantiations: number;
  readonly ms: number;
}

/** Has TypeScript 5.9 check a program, and says what that cost. */
export function effortOf(rootNames: readonly string[], compilerOptions: object): Effort {
  const began = performance.now();
  const program = programOf(rootNames, compilerOptions);
  const errors = diagnosed(program);
  const ms = performance.now() - began;
  const read = program.getSourceFiles().filter(({ fileName }) => !fileName.startsWith(libFolder));
  return {
    errors,
    files: read.map(({ fileName }) => fileName),
    lines: read.reduce((sum, file) => sum + file.getLineStarts().length, 0),
    types: program.getTypeCount(),
    instantiations: program.getInstantiationCount(),
    ms,
  };
}

function diagnosed(program: ts.Program): readonly string[] {
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ code, messageText }) => `${code} ${ts.flattenDiagnosticMessageText(messageText, '\n')}`);
}

function programOf(rootNames: readonly string[], compilerOptions: object): ts.Program {
  const { options } = ts.convertCompilerOptionsFromJson(compilerOptions, '/');
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile } = host;
  const lib = (name: string): string | undefined => (name.startsWith(libFolder) ? libs.get(basename(name)) : undefined);
  host.getDefaultLibLocation = () => libFolder;
  host.fileExists = (name) => lib(name) !== undefined || fileExists(name);
  host.readFile = (name) => lib(name) ?? readFile(name);
  return ts.createProgram({ rootNames, options, host });
}
