import { readFileSync } from 'node:fs';
import { compileText } from './compiler.js';

/** A misuse of a file of type tests, and what the compiler says of it. */
export interface Misuse {
  /** What follows its `@ts-expect-error`: words that the first line of the error has to hold. */
  readonly words: string;
  readonly line: number;
  readonly told: readonly string[];
}

const directive = /\/\/ @ts-expect-error (.*)/;

/**
 * The misuses of a file of type tests.
 * @returns them, with the lines of all errors of the file, which are theirs when nothing else is wrong
 */
export function misusesIn(file: URL): { readonly misuses: readonly Misuse[]; readonly lines: number[] } {
  const source = readFileSync(file, 'utf8');
  // Without its directives the file shows its errors.
  const { errors } = compileText(file, source.replace(/@ts-expect-error/g, 'misuse:'));
  const misuses = source.split('\n').flatMap((text, i) => {
    const words = directive.exec(text)?.[1];
    return words === undefined ? [] : [{ words, line: i + 2, told: errors.get(i + 2) ?? [] }];
  });
  return { misuses, lines: [...errors.keys()].sort((a, b) => a - b) };
}
