/** A word of a text, folded, and where it stands. */
export interface Word {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const ideograph = String.raw`[\p{sc=Han}\p{sc=Hiragana}]\p{M}*`;
const part = String.raw`[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}]`;
// An apostrophe or a point between letters, and a point or a comma between digits, do not end a word.
const joint = String.raw`(?:(?<=\p{Alphabetic})['’.:·](?=\p{Alphabetic})|(?<=\p{Nd})[.,;'](?=\p{Nd}))`;
const pattern = new RegExp(
  String.raw`${ideograph}|(?:(?![\p{sc=Han}\p{sc=Hiragana}])${part}|${joint})+|\p{Extended_Pictographic}`,
  'gu',
);

const longestWord = 255;

/** Words by the rules of Unicode's annex 29, as far as they matter to the texts of documents. */
export function wordsOf(text: string): Word[] {
  return [...text.matchAll(pattern)].flatMap(({ 0: found, index }) => cut(found, index));
}

function cut(found: string, start: number): Word[] {
  const words: Word[] = [];
  for (let at = 0; at < found.length; at += longestWord) {
    const text = found.slice(at, at + longestWord);
    words.push({ text: fold(text), start: start + at, end: start + at + text.length });
  }
  return words;
}

/** Without regard to case, character by character: a sigma at the end of a word is like any other. */
export function fold(text: string): string {
  // Most text is of one case and plain letters, for which the language's own function does the same at once.
  if (!/[İΣ]/.test(text)) return text.toLowerCase();
  return [...text].map((letter) => (letter === 'İ' ? 'i' : letter.toLowerCase())).join('');
}

/** The typos that a word of this many characters may have. */
export function typosIn(word: string): number {
  const { length } = [...word];
  return length < 4 ? 0 : length < 8 ? 1 : 2;
}

/**
 * Whether one word becomes the other by at most so many letters inserted, deleted, replaced or swapped with their
 * neighbour. Method: optimal string alignment.
 */
export function isWithinTypos(a: string, b: string, most: number): boolean {
  const [left, right] = [[...a], [...b]];
  if (Math.abs(left.length - right.length) > most) return false;
  const rows: number[][] = [Array.from({ length: right.length + 1 }, (_, column) => column)];
  for (let row = 1; row <= left.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= right.length; column += 1) {
      const cost = (up: number, back: number): number =>
        (up === 0 ? current : rows[row - up])?.[column - back] ?? Infinity;
      const same = left[row - 1] === right[column - 1] ? 0 : 1;
      const swapped =
        row > 1 && column > 1 && left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
      current.push(
        Math.min(cost(1, 0) + 1, cost(0, 1) + 1, cost(1, 1) + same, swapped ? cost(2, 2) + 1 : Infinity),
      );
    }
    // Each later row costs at least what the cheapest place of this one does.
    if (Math.min(...current) > most) return false;
    rows.push(current);
  }
  return (rows[left.length]?.[right.length] ?? Infinity) <= most;
}
