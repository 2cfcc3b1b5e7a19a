import fc from 'fast-check';
import { fold, isWithinTypos, typosIn, wordsOf } from './words.js';

describe('Words', () => {
  test.each([
    ['Blue-Lamp, x/y', 'blue lamp x y'],
    ["it's o’neil 3.14 1,000 a:b e_mail", "it's o’neil 3.14 1,000 a:b e_mail"],
    ['end. of, "it" <b>', 'end of it b'],
    ['Straße ΣΊΣΥΦΟΣ İzmir Émile', 'straße σίσυφοσ izmir émile'],
    ['日本語 ひら カタカナ', '日 本 語 ひ ら カタカナ'],
    ['😀x', '😀 x'],
    ['& !', ''],
  ])('of %s are %s', (text, expected) => {
    expect(
      wordsOf(text)
        .map((word) => word.text)
        .join(' '),
    ).toBe(expected);
  });

  it('know where they stand, and are cut when they are very long', () => {
    expect(wordsOf('a Blue')).toEqual([
      { text: 'a', start: 0, end: 1 },
      { text: 'blue', start: 2, end: 6 },
    ]);
    expect(wordsOf('x'.repeat(600)).map(({ text }) => text.length)).toEqual([255, 255, 90]);
  });

  it('may have one typo from four letters and two from eight', () => {
    expect(['abc', 'abcd', 'abcdefg', 'abcdefgh', 'é😀é😀'].map(typosIn)).toEqual([0, 1, 1, 2, 1]);
  });

  test.each([
    ['lamp', 'lapm', 1, true],
    ['lamp', 'lanp', 1, true],
    ['lamp', 'lamps', 1, true],
    ['lamp', 'lmp', 1, true],
    ['lamp', 'lpma', 1, false],
    ['delivery', 'devilery', 2, true],
    ['abcd', 'wxyz', 2, false],
  ])('%s becomes %s by at most %i typos: %j', (a, b, most, expected) => {
    expect(isWithinTypos(a, b, most)).toBe(expected);
  });

  it('are as many typos apart as the definition says, whatever they are', () => {
    const letters = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 5 }).map((of) => of.join(''));
    fc.assert(
      fc.property(letters, letters, fc.integer({ min: 0, max: 3 }), (a, b, most) => {
        expect(isWithinTypos(a, b, most)).toBe(typosBetween(a, b) <= most);
      }),
      { numRuns: 2_000 },
    );
  });

  it('are folded letter by letter', () => {
    expect(fold('ΟΔΟΣ İI')).toBe('οδοσ ii');
  });
});

/** The last letters are the same, or one of them is a typo, or they are swapped: whichever is the cheapest. */
function typosBetween(a: string, b: string): number {
  if (a === '' || b === '') return a.length + b.length;
  const [shortA, shortB] = [a.slice(0, -1), b.slice(0, -1)];
  const isSwapped = a.length > 1 && b.length > 1 && a.at(-1) === b.at(-2) && a.at(-2) === b.at(-1);
  return Math.min(
    typosBetween(shortA, shortB) + (a.at(-1) === b.at(-1) ? 0 : 1),
    typosBetween(shortA, b) + 1,
    typosBetween(a, shortB) + 1,
    isSwapped ? typosBetween(a.slice(0, -2), b.slice(0, -2)) + 1 : Infinity,
  );
}
