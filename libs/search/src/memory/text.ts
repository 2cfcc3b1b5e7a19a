import { SearchRefusedError } from '../errors.js';
import { textFields } from '../fields.js';
import { mostTerms } from '../limits.js';
import { byText, wordsOfText, type Column } from './column.js';
import type { Table } from './table.js';
import { isWithinTypos, typosIn, wordsOf, type Word } from './words.js';

/** A word or a phrase of a search. What was typed as one word may be several (`blue-lamp`). */
interface Term {
  readonly words: readonly string[];
  /** For each of the words, in which ways a word of a document stands for it. */
  readonly near: readonly ((word: string) => Ways)[];
  readonly phrase: boolean;
  readonly without: boolean;
}

/** A set of the ways in which all words of a term can be in one field, as bits. */
type Ways = number;
const none: Ways = 0;
const asTyped: Ways = 1;
/** All as they are typed, but that the last of them goes on. */
const goingOn: Ways = 2;
const withTypos: Ways = 4;
const allWays: Ways = asTyped | goingOn | withTypos;

/** A search text, ready to be looked for. */
export interface TextSearch {
  /** How well a row fits, or null when it does not. */
  score(row: number): number | null;
  /** Which of the words of one text are meant, when it stands in this field of this row. */
  marked(row: number, field: string, words: readonly Word[]): readonly Word[];
}

/** @throws {SearchRefusedError} when the text has too many words, or is to be looked for where no text is */
export function textSearch(text: string, searched: readonly string[] | null, table: Table): TextSearch {
  const terms = termsOf(text).filter(({ words }) => words.length > 0);
  const fields = textFields(searched, table.fields);
  const columns = fields.map(({ path }) => table.column(path));
  const unwanted = terms
    .filter(({ without }) => without)
    .flatMap(({ words }) => columns.map((column) => byRow(column, [phraseIn(column, words)])));
  const wanted = terms
    .filter(({ without }) => !without)
    .map((term) => ({ term, places: columns.map((column) => placeOf(term, column)) }));
  return {
    score: (row) => {
      if (unwanted.some((ways) => ways[row] !== none)) return null;
      let score = 0;
      for (const { places } of wanted) {
        const before = score;
        for (const { ways, weight } of places) score += weight * fitOf(ways[row] ?? none);
        if (score === before) return null;
      }
      return score;
    },
    marked: (row, field, words) => {
      const found = new Set(
        wanted.flatMap(({ term, places }) => {
          const ways = places.find((place) => place.field === field)?.ways[row] ?? none;
          return meantBy(term, ways, words);
        }),
      );
      return words.filter((word) => found.has(word));
    },
  };
}

interface Place {
  readonly field: string;
  readonly weight: number;
  /** By row, in which ways the term is in this field. */
  readonly ways: Uint8Array;
}

function placeOf(term: Term, column: Column): Place {
  const { path, hints } = column.field;
  const tables = term.phrase
    ? [phraseIn(column, term.words)]
    : term.near.map((nearness) => byText(column, column.words.map(nearness)));
  return { field: path, weight: hints.text?.weight ?? 1, ways: byRow(column, tables) };
}

function termsOf(text: string): Term[] {
  const parts: { text: string; phrase: boolean; without: boolean }[] = [];
  for (let at = 0; at < text.length;) {
    if (/\s/u.test(text[at] ?? '')) {
      at += 1;
      continue;
    }
    const without = text[at] === '-' && at + 1 < text.length && !/\s/u.test(text[at + 1] ?? '');
    if (without) at += 1;
    const phrase = text[at] === '"';
    const end = phrase ? endOf(text, at + 1, /"/u) : endOf(text, at, /[\s"]/u);
    parts.push({ text: text.slice(phrase ? at + 1 : at, end), phrase, without });
    at = phrase ? end + 1 : end;
  }
  const given = parts.filter((part) => part.text.trim() !== '' && part.text.trim() !== '-');
  if (given.length > mostTerms)
    throw new SearchRefusedError(400, `a search may hold ${mostTerms} words, and has ${given.length}`);
  const last = given.findLast(({ without }) => !without);
  return given.map((part) => {
    const words = wordsOf(part.text);
    // What a sign follows was typed to its end.
    const open = part === last && !part.phrase && words.at(-1)?.end === part.text.length;
    const asked = words.map((word) => word.text);
    const near = asked.map((word, at) =>
      nearTo(word, at < asked.length - 1 ? 'same' : open ? 'begins' : 'never'),
    );
    return { phrase: part.phrase, without: part.without, words: asked, near };
  });
}

function endOf(text: string, start: number, stop: RegExp): number {
  let at = start;
  while (at < text.length && !stop.test(text[at] ?? '')) at += 1;
  return at;
}

/**
 * In which ways a word of a document stands for one that is asked. `rest` says how the word may be where the last one of
 * the term goes on: this is not the last (`same`), it is and may go on (`begins`), or it may not (`never`).
 */
function nearTo(asked: string, rest: 'same' | 'begins' | 'never'): (word: string) => Ways {
  const first = asked.codePointAt(0);
  const typos = typosIn(asked);
  return (word) => {
    // The first letter is taken as typed.
    if (word.codePointAt(0) !== first) return none;
    const same = asked === word;
    const goes = rest === 'begins' ? word.startsWith(asked) : rest === 'same' && same;
    const typo = same || (typos > 0 && isWithinTypos(asked, word, typos));
    return (same ? asTyped : none) | (goes ? goingOn : none) | (typo ? withTypos : none);
  };
}

/** For each distinct text, by its number, whether it has a phrase, which is always as typed. */
function phraseIn(column: Column, phrase: readonly string[]): Uint8Array {
  const asked = phrase.map((word) => column.words.indexOf(word));
  return Uint8Array.from(column.values, (_, number) =>
    phraseStarts(wordsOfText(column, number), asked).length > 0 ? asTyped : none,
  );
}

/** For each row, in which ways it has them all: any of its texts each. */
function byRow({ numbers, starts }: Column, tables: readonly Uint8Array[]): Uint8Array {
  const ways = new Uint8Array(starts.length - 1).fill(allWays);
  for (const table of tables) {
    let at = 0;
    for (let row = 0; row < ways.length; row += 1) {
      const end = starts[row + 1] ?? 0;
      let found = none;
      for (; at < end; at += 1) found |= table[numbers[at] ?? 0] ?? none;
      ways[row] = (ways[row] ?? none) & found;
    }
  }
  return ways;
}

/** What a term counts in a field: nothing when it is not there. */
function fitOf(ways: Ways): number {
  if ((ways & asTyped) !== 0) return 2;
  if ((ways & goingOn) !== 0) return 1;
  return (ways & withTypos) !== 0 ? 0.5 : 0;
}

/** Where a phrase begins in a text, both in words or in their numbers. */
function phraseStarts<T>(text: readonly T[], phrase: readonly T[]): readonly number[] {
  return text.flatMap((_, start) => (phrase.every((asked, at) => text[start + at] === asked) ? [start] : []));
}

function meantBy(term: Term, ways: Ways, words: readonly Word[]): readonly Word[] {
  if (!term.phrase)
    return words.filter(({ text }) => term.near.some((nearness) => (ways & nearness(text)) !== 0));
  const texts = words.map(({ text }) => text);
  return phraseStarts(texts, term.words).flatMap((start) => words.slice(start, start + term.words.length));
}
