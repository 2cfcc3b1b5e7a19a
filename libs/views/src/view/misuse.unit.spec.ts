import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const file = fileURLToPath(new URL('misuse.types.ts', import.meta.url));
const directive = /\/\/ @ts-expect-error (.*)/;

/** The first line of each error, by the line it is on, when the directives of misuse.types.ts are taken away. */
function firstLines(text: string): Map<number, string[]> {
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2024,
    lib: ['lib.es2024.d.ts'],
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    customConditions: ['source'],
    types: ['node'],
    strict: true,
    skipLibCheck: true,
    noEmit: true,
  };
  const host = ts.createCompilerHost(options);
  const readSource = host.getSourceFile.bind(host);
  host.getSourceFile = (name, ...rest) =>
    name === file ? ts.createSourceFile(name, text, ts.ScriptTarget.ES2024) : readSource(name, ...rest);
  const program = ts.createProgram([file], options, host);
  const lines = new Map<number, string[]>();
  for (const { start, messageText } of program.getSemanticDiagnostics(program.getSourceFile(file))) {
    const line = text.slice(0, start).split('\n').length;
    const first = typeof messageText === 'string' ? messageText : messageText.messageText;
    lines.set(line, [...(lines.get(line) ?? []), first]);
  }
  return lines;
}

describe('the misuses that the compiler refuses', () => {
  const source = readFileSync(file, 'utf8');
  const errors = firstLines(source.replace(/@ts-expect-error/g, 'misuse:'));
  const misuses = source.split('\n').flatMap((text, i) => {
    const words = directive.exec(text)?.[1];
    return words === undefined ? [] : [{ words, line: i + 2 }];
  });

  it('are all there', () => {
    expect(misuses.length).toBeGreaterThan(35);
    expect([...errors.keys()].sort((a, b) => a - b)).toEqual(misuses.map(({ line }) => line));
  });

  it.each(misuses)('are told in words, in the first line: $words (line $line)', ({ words, line }) => {
    expect(errors.get(line)).toContainEqual(expect.stringContaining(words));
  });
});
