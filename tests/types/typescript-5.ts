import { basename } from 'node:path';
import { getLibFiles, ts } from '@ts-morph/common';

const libs: ReadonlyMap<string, string> = new Map(getLibFiles().map(({ fileName, text }) => [fileName, text]));
const libFolder = '/lib-of-typescript-5';

/** What TypeScript 5.9, which most projects have today, says of files: `code message`. */
export function errorsOf(rootNames: readonly string[], compilerOptions: object): readonly string[] {
  const { options } = ts.convertCompilerOptionsFromJson(compilerOptions, '/');
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile } = host;
  const lib = (name: string): string | undefined => (name.startsWith(libFolder) ? libs.get(basename(name)) : undefined);
  host.getDefaultLibLocation = () => libFolder;
  host.fileExists = (name) => lib(name) !== undefined || fileExists(name);
  host.readFile = (name) => lib(name) ?? readFile(name);
  return ts
    .getPreEmitDiagnostics(ts.createProgram({ rootNames, options, host }))
    .map(({ code, messageText }) => `${code} ${ts.flattenDiagnosticMessageText(messageText, '\n')}`);
}
