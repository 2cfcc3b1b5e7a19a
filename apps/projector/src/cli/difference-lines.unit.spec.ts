import { differenceLines } from './difference-lines.js';

describe('the lines of a difference', () => {
  it('show a field in each, and tell nothing from null', () => {
    expect(
      differenceLines([
        { path: 'customer.name', before: 'Ann', after: 'Anna' },
        { path: 'note', before: undefined, after: null },
        { path: '', before: { id: 'o1' }, after: null },
      ]),
    ).toEqual(['customer.name: "Ann" -> "Anna"', 'note: nothing -> null', 'document: {"id":"o1"} -> null']);
  });

  it('move no cursor and end no line, whatever a document holds', () => {
    const [line = ''] = differenceLines([
      { path: 'name', before: 'a\u001b[2J\u009b2J\n\u2028\u202e', after: 'x'.repeat(1_000) },
    ]);

    expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e]/u);
    expect(line.length).toBeLessThan(400);
  });

  it('colour both sides when asked', () => {
    expect(differenceLines([{ path: 'a', before: 1, after: 2 }], { colour: true })).toEqual([
      'a: \u001b[31m1\u001b[39m -> \u001b[32m2\u001b[39m',
    ]);
  });
});
