import type { QueryField } from '#views';
import { isText } from '../fields.js';
import { longestKeyword, longestSortKey } from '../limits.js';
import { comparable, type Comparable } from './values.js';
import { fold, wordsOf } from './words.js';

/**
 * The values of one field in all rows. Each distinct value is kept once, under a number. What is asked of a field is so
 * asked of its distinct values, and a row only looks up what became of its own.
 */
export interface Column {
  readonly field: QueryField;
  /** The numbers of the values of row 0, of row 1, and so on. */
  readonly numbers: readonly number[];
  /** Those of a row are at `starts[row]` up to before `starts[row + 1]`. */
  readonly starts: readonly number[];
  /** The same by the elements of the list that the field is matched in one by one; empty when there is none. */
  readonly elementStarts: readonly number[];
  /** By number, as the first document with it has it: never null. */
  readonly leaves: readonly unknown[];
  /** By number, what filters compare; null when there is nothing to compare, or too much: it is found by no value then. */
  readonly values: readonly (Comparable | null)[];
  /** By number, what a sort compares: of strings and enums the text without regard to case. */
  readonly sortKeys: readonly (Comparable | null)[];
  /** The distinct words of texts; empty when the field is no text. */
  readonly words: readonly string[];
  /** As places in `words`, those of the text of number 0, of number 1, and so on: as `numbers` and `starts` are of rows. */
  readonly textWords: readonly number[];
  readonly textStarts: readonly number[];
  numberOf(value: Comparable): number | undefined;
}

/** A column that is being filled. */
export interface WritableColumn extends Column {
  readonly push: (leaf: unknown) => void;
  endElement(): void;
  endRow(): void;
}

export function createColumn(field: QueryField): WritableColumn {
  const [numbers, starts, elementStarts]: [number[], number[], number[]] = [[], [0], [0]];
  const leaves: unknown[] = [];
  // Arrays of one kind of value each, so that numbers stand side by side in memory.
  const values: (Comparable | null)[] = [];
  const folds = field.kind === 'string' || field.kind === 'enum';
  const sortKeys: (Comparable | null)[] = folds ? [] : values;
  const [words, textWords, textStarts]: [string[], number[], number[]] = [[], [], [0]];
  const [numberOf, wordNumber] = [new Map<unknown, number>(), numberer(words)];
  const add = (leaf: unknown, compared: Comparable | null): number => {
    const value = typeof compared === 'string' && compared.length > longestKeyword ? null : compared;
    values.push(value);
    if (folds) sortKeys.push(foldedKey(value));
    if (isText(field)) for (const { text } of wordsOf(String(leaf))) textWords.push(wordNumber(text));
    textStarts.push(textWords.length);
    return leaves.push(leaf) - 1;
  };
  return {
    ...{ field, numbers, starts, elementStarts, leaves, values, sortKeys, words, textWords, textStarts },
    numberOf: (value) => numberOf.get(value),
    push: (leaf) => {
      const compared = comparable(leaf, field);
      const key = compared ?? leaf;
      let number = numberOf.get(key);
      if (number === undefined) numberOf.set(key, (number = add(leaf, compared)));
      numbers.push(number);
    },
    endElement: () => void elementStarts.push(numbers.length),
    endRow: () => void starts.push(numbers.length),
  };
}

function foldedKey(value: Comparable | null): string | null {
  return typeof value === 'string' && value.length <= longestSortKey ? fold(value) : null;
}

/** Gives each word a place in an array. */
function numberer(words: string[]): (word: string) => number {
  const numberOf = new Map<string, number>();
  return (word) => {
    const known = numberOf.get(word);
    if (known !== undefined) return known;
    numberOf.set(word, words.length);
    return words.push(word) - 1;
  };
}

/** For each distinct value whether something holds for it: 1 or 0, by its number. */
export function marksOf(
  { values }: Column,
  holds: (value: Comparable, number: number) => boolean,
): Uint8Array {
  const marks = new Uint8Array(values.length);
  for (let number = 0; number < values.length; number += 1) {
    const value = values[number] ?? null;
    if (value !== null && holds(value, number)) marks[number] = 1;
  }
  return marks;
}

/** For each distinct text, by its number, what its words have: the union of their bits. */
export function byText({ values, textWords, textStarts }: Column, bitsOfWord: readonly number[]): Uint8Array {
  const bits = new Uint8Array(values.length);
  for (let number = 0; number < values.length; number += 1) {
    const end = textStarts[number + 1] ?? 0;
    let found = 0;
    for (let at = textStarts[number] ?? 0; at < end; at += 1) found |= bitsOfWord[textWords[at] ?? 0] ?? 0;
    bits[number] = found;
  }
  return bits;
}

/** The words of one of the distinct texts. */
export function wordsOfText({ textWords, textStarts }: Column, number: number): readonly number[] {
  return textWords.slice(textStarts[number], textStarts[number + 1]);
}

/** Whether a row, or an element when `starts` are those of elements, has a value that is marked. */
export function hasMarked(
  { numbers }: Column,
  starts: readonly number[],
  marks: Uint8Array,
): (row: number) => boolean {
  return (row) => {
    const end = starts[row + 1] ?? 0;
    for (let at = starts[row] ?? 0; at < end; at += 1) if (marks[numbers[at] ?? 0] === 1) return true;
    return false;
  };
}
