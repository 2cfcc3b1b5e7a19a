import { SearchRefusedError } from '../errors.js';
import { textFields, type Fields } from '../fields.js';
import { mostTerms } from '../limits.js';
import { textsOf, type Holder } from './document.js';
import { isWithinTypos, typosIn, wordsOf, type Word } from './words.js';

/** A word or a phrase of a search. What was typed as one word may be several (`blue-lamp`). */
interface Term {
  readonly words: readonly string[];
  readonly near: readonly ((word: string) => Nearness)[];
  readonly phrase: boolean;
  readonly without: boolean;
  /** Its last word may go on. */
  readonly open: boolean;
}

/** A search text, ready to be looked for. */
export interface TextSearch {
  /** How well a document fits, or null when it does not. */
  score(holder: Holder): number | null;
  /** Which of the words of one text of a field are meant, when the field's texts are these. */
  marked(texts: readonly (readonly Word[])[], words: readonly Word[]): readonly Word[];
}

/** @throws {SearchRefusedError} when the text has too many words, or is to be looked for where no text is */
export function textSearch(text: string, searched: readonly string[] | null, fields: Fields): TextSearch {
  const terms = termsOf(text);
  const where = textFields(searched, fields);
  const wanted = terms.filter(({ without, words }) => !without && words.length > 0);
  const unwanted = terms.filter(({ without, words }) => without && words.length > 0);
  const places = where.map((field) => ({ read: textsOf(field), weight: field.hints.text?.weight ?? 1 }));
  return {
    score: (holder) => {
      const texts = places.map(({ read }) => read(holder));
      if (unwanted.some((term) => texts.some((of) => hasPhrase(of, term.words)))) return null;
      let score = 0;
      for (const term of wanted) {
        const before = score;
        places.forEach(({ weight }, at) => (score += weight * fitOf(term, texts[at] ?? [])));
        if (score === before) return null;
      }
      return score;
    },
    marked: (texts, words) => {
      const found = new Set(wanted.flatMap((term) => meantBy(term, texts, words)));
      return words.filter((word) => found.has(word));
    },
  };
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
    return { phrase: part.phrase, without: part.without, words: asked, near: asked.map(nearTo), open };
  });
}

function endOf(text: string, start: number, stop: RegExp): number {
  let at = start;
  while (at < text.length && !stop.test(text[at] ?? '')) at += 1;
  return at;
}

/** How a word of a document is near to a word of a search: it is the same, begins with it, or is it with typos. */
interface Nearness {
  readonly same: boolean;
  readonly begins: boolean;
  readonly typo: boolean;
}
const far: Nearness = { same: false, begins: false, typo: false };

/** Words repeat, so that each is compared once. */
function nearTo(asked: string): (word: string) => Nearness {
  const known = new Map<string, Nearness>();
  const first = asked.codePointAt(0);
  const typos = typosIn(asked);
  return (word) => {
    const before = known.get(word);
    if (before !== undefined) return before;
    const same = asked === word;
    const begins = word.startsWith(asked);
    // The first letter is taken as typed.
    const typo = same || (typos > 0 && word.codePointAt(0) === first && isWithinTypos(asked, word, typos));
    const nearness = begins || typo ? { same, begins, typo } : far;
    known.set(word, nearness);
    return nearness;
  };
}

/** What a term counts in a field: nothing when it is not there. */
function fitOf(term: Term, texts: readonly (readonly Word[])[]): number {
  if (term.phrase) return hasPhrase(texts, term.words) ? 2 : 0;
  const { same, begins, typo } = waysOf(term, texts);
  if (same) return 2;
  return begins ? 1 : typo ? 0.5 : 0;
}

/** The ways in which all words of a term are in one field: as they are, with the last of them going on, or with typos. */
function waysOf({ near, open }: Term, texts: readonly (readonly Word[])[]): Nearness {
  const all = { same: true, begins: open, typo: true };
  for (const [at, nearness] of near.entries()) {
    const has = { same: false, begins: false, typo: false };
    for (const text of texts)
      for (const word of text) {
        const found = nearness(word.text);
        if (found === far) continue;
        has.same ||= found.same;
        has.begins ||= found.begins;
        has.typo ||= found.typo;
      }
    all.same &&= has.same;
    all.begins &&= at === near.length - 1 ? has.begins : has.same;
    all.typo &&= has.typo;
  }
  return all;
}

function hasPhrase(texts: readonly (readonly Word[])[], phrase: readonly string[]): boolean {
  return texts.some((text) => phraseStarts(text, phrase).length > 0);
}

function phraseStarts(text: readonly Word[], phrase: readonly string[]): readonly number[] {
  return text.flatMap((_, start) =>
    phrase.every((asked, at) => text[start + at]?.text === asked) ? [start] : [],
  );
}

function meantBy(term: Term, texts: readonly (readonly Word[])[], words: readonly Word[]): readonly Word[] {
  if (term.phrase)
    return phraseStarts(words, term.words).flatMap((start) => words.slice(start, start + term.words.length));
  const ways = waysOf(term, texts);
  const last = term.near.length - 1;
  return words.filter(({ text }) =>
    term.near.some((nearness, at) => {
      const { same, begins, typo } = nearness(text);
      return (ways.same && same) || (ways.typo && typo) || (ways.begins && (at === last ? begins : same));
    }),
  );
}
