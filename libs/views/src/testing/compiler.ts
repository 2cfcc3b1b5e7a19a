import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type TypeScript from 'typescript';

// Loading it takes a second, which the specs that want a domain only must not wait for.
const loadCompiler = (): typeof TypeScript =>
  createRequire(import.meta.url)('typescript') as typeof TypeScript;

const optionsOf = (ts: typeof TypeScript): TypeScript.CompilerOptions => ({
  target: ts.ScriptTarget.ES2024,
  lib: ['lib.es2024.d.ts'],
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  customConditions: ['source'],
  types: ['node'],
  strict: true,
  skipLibCheck: true,
  noEmit: true,
});

export interface CompiledText {
  /** The first line of each error, by the line it is on. */
  readonly errors: ReadonlyMap<number, readonly string[]>;
  /** The processor time that checking this file took, in milliseconds: without reading and parsing any file. */
  readonly checkedIn: number;
}

/** Type checks `text` as if it stood in the file at `url`, with the project's compiler. */
export function compileText(url: URL, text: string): CompiledText {
  const ts = loadCompiler();
  const options = optionsOf(ts);
  const file = fileURLToPath(url);
  const host = ts.createCompilerHost(options);
  const readSource = host.getSourceFile.bind(host);
  host.getSourceFile = (name, ...rest) =>
    name === file ? ts.createSourceFile(name, text, ts.ScriptTarget.ES2024) : readSource(name, ...rest);
  const fileExists = host.fileExists.bind(host);
  host.fileExists = (name) => name === file || fileExists(name);
  const program = ts.createProgram([file], options, host);
  // Binds every file, which the check of any one of them needs.
  program.getTypeChecker();
  const before = process.cpuUsage();
  const diagnostics = program.getSemanticDiagnostics(program.getSourceFile(file));
  const { user, system } = process.cpuUsage(before);
  const errors = new Map<number, readonly string[]>();
  for (const { start, messageText } of diagnostics) {
    const line = text.slice(0, start).split('\n').length;
    const first = typeof messageText === 'string' ? messageText : messageText.messageText;
    errors.set(line, [...(errors.get(line) ?? []), first]);
  }
  return { errors, checkedIn: (user + system) / 1000 };
}
