import { join } from 'node:path';
import { ts } from '@ts-morph/common';
import type { Entry } from './packed-types.ts';

/** What a user cannot learn by hovering: where, and what is missing there. */
export interface Gap {
  /** `module.Symbol` or `module.Symbol.member`. */
  readonly where: string;
  readonly what: 'no sentence' | 'no unit' | 'no default';
}

/** What the shipped types say of themselves. */
export interface PublicDocs {
  readonly gaps: readonly Gap[];
  /** How many exports and members were looked at. */
  readonly symbols: number;
  readonly members: number;
}

const inUnits = /(Ms|Seconds|Mib|Gb|Bytes|Percent)(Total|Sent|Received)?$/;
const measured = /time|interval|period|delay|duration|age|idle|memory|disk|size|bytes|length|offset|window|limit/i;
const unit = /\b(milliseconds?|seconds?|bytes?|[KMG]iB|characters|boxes|requests|pages|items)\b/i;

/** Reads the types of every module as an editor does. */
export function readPublicDocs(entries: readonly Entry[]): PublicDocs {
  const program = ts.createProgram({
    rootNames: entries.map(({ file }) => file),
    options: {
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      target: ts.ScriptTarget.ES2024,
      strict: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: true,
      noLib: true,
      types: ['node'],
    },
  });
  const checker = program.getTypeChecker();
  const folders = entries.map(({ file }) => join(file, '..'));
  const gaps: Gap[] = [];
  const seen = new Set<ts.Symbol>();
  let members = 0;
  let symbols = 0;

  function readMember(owner: string, symbol: ts.Symbol): void {
    const [declaration] = symbol.declarations ?? [];
    const file = declaration?.getSourceFile().fileName ?? '';
    if (!declaration || seen.has(symbol) || !folders.some((folder) => file.startsWith(folder))) return;
    // The fields of what is on the wire are described where they are defined: in spec/openapi.yaml.
    if (file.includes('/@boxlite/api/dist/schemas/')) return;
    seen.add(symbol);
    if (symbol.name.includes('#private') || (ts.canHaveModifiers(declaration) && isPrivate(declaration))) return;
    members++;
    const where = `${owner}.${symbol.name.replace(/^__@(\w+)@\d+$/, '[Symbol.$1]')}`;
    const doc = ts.displayPartsToString(symbol.getDocumentationComment(checker));
    const fallback = defaultOf(symbol, checker);
    // Where the name says all, the default alone will do.
    if (doc === '' && fallback === undefined) gaps.push({ where, what: 'no sentence' });
    const type = checker.getTypeOfSymbol(symbol);
    const isNumber = (checker.getNonNullableType(type).flags & ts.TypeFlags.NumberLike) !== 0;
    if (isNumber && measured.test(symbol.name) && !inUnits.test(symbol.name) && !unit.test(`${doc} ${fallback}`)) {
      gaps.push({ where, what: 'no unit' });
    }
    const isOption = (symbol.flags & ts.SymbolFlags.Optional) !== 0 && /Options$|\)$/.test(owner);
    if (isOption && fallback === undefined) gaps.push({ where, what: 'no default' });
    readParameters(where, type);
  }

  /** The options that a function takes without a name of their own. */
  function readParameters(where: string, type: ts.Type): void {
    for (const parameter of type.getCallSignatures().flatMap((signature) => signature.parameters)) {
      const taken = checker.getNonNullableType(checker.getTypeOfSymbol(parameter));
      for (const property of taken.getProperties()) {
        const [declaration] = property.declarations ?? [];
        if (declaration && ts.isTypeLiteralNode(declaration.parent))
          readMember(`${where}(${parameter.name})`, property);
      }
    }
  }

  function readExport(module: string, exported: ts.Symbol): void {
    const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
    if (seen.has(symbol)) return;
    seen.add(symbol);
    symbols++;
    const where = `${module}.${exported.name}`;
    if (symbol.getDocumentationComment(checker).length === 0) gaps.push({ where, what: 'no sentence' });
    const [declaration] = symbol.declarations ?? [];
    const value = declaration && checker.getTypeOfSymbolAtLocation(symbol, declaration);
    const own = symbol.flags & ts.SymbolFlags.Type ? checker.getDeclaredTypeOfSymbol(symbol).getProperties() : [];
    for (const each of [...own, ...(value?.getProperties() ?? [])]) readMember(where, each);
    if (value) readParameters(where, value);
  }

  for (const { module, file } of entries) {
    const source = program.getSourceFile(file);
    const exported = source && checker.getSymbolAtLocation(source);
    if (!exported) throw new Error(`${module} exports nothing: ${file}`);
    for (const each of checker.getExportsOfModule(exported)) readExport(module, each);
  }
  return { gaps, symbols, members };
}

function isPrivate(declaration: ts.HasModifiers): boolean {
  return ts.getModifiers(declaration)?.some(({ kind }) => kind === ts.SyntaxKind.PrivateKeyword) ?? false;
}

function defaultOf(symbol: ts.Symbol, checker: ts.TypeChecker): string | undefined {
  const tag = symbol.getJsDocTags(checker).find(({ name }) => name === 'default');
  return tag && ts.displayPartsToString(tag.text);
}
