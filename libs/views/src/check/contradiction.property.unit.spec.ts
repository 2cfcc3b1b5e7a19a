import fc from 'fast-check';
import { matches } from '../filter/matches.js';
import { normalizeFilter } from '../filter/normalize.js';
import { contradictionIn } from './contradiction.js';

const columns = new Map([
  ['n', { kind: 'int', array: false, nullable: true }],
  ['m', { kind: 'decimal', array: false, nullable: false }],
  ['s', { kind: 'string', array: false, nullable: true }],
  ['b', { kind: 'bool', array: false, nullable: true }],
  ['list', { kind: 'int', array: true, nullable: false }],
] as const);

const numbers = [0, 1, 2, 3];
const texts = ['', 'a', 'ab', 'b'];
const halves = [0, 0.5, 1, 1.5, 2, 2.5, 3];
const condition = fc.oneof(
  ...['n', 'm', 'list'].map((field) =>
    fc
      .record(
        {
          eq: fc.subarray(numbers),
          ne: fc.subarray(numbers, { minLength: 1 }),
          gt: fc.constantFrom(...numbers),
          gte: fc.constantFrom(...numbers),
          lt: fc.constantFrom(...numbers),
          lte: fc.constantFrom(...numbers),
          exists: fc.boolean(),
        },
        { requiredKeys: [] },
      )
      .map((asked) => ({ [field]: asked })),
  ),
  fc
    .record(
      {
        eq: fc.subarray(texts),
        prefix: fc.constantFrom(...texts),
        gt: fc.constantFrom(...texts),
        exists: fc.boolean(),
      },
      { requiredKeys: [] },
    )
    .map((s) => ({ s })),
  fc
    .record({ ne: fc.subarray([true, false], { minLength: 1 }), exists: fc.boolean() }, { requiredKeys: [] })
    .map((b) => ({ b })),
);
const filter = fc.letrec((tie) => ({
  any: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    condition,
    fc.record({ and: fc.array(tie('any'), { minLength: 1, maxLength: 3 }) }),
    fc.record({ or: fc.array(tie('any'), { minLength: 1, maxLength: 3 }) }),
    fc.record({ not: tie('any') }),
  ),
})).any;

const optional = <T>(values: readonly T[]) => fc.option(fc.constantFrom(...values));
const row = fc.record({
  n: optional(numbers),
  m: fc.constantFrom(...halves),
  s: optional(texts),
  b: optional([true, false]),
  list: fc.subarray(numbers),
});

describe('a contradiction', () => {
  it('is never claimed of a filter that some row meets', () => {
    let claimed = 0;
    fc.assert(
      fc.property(filter, fc.array(row, { minLength: 20, maxLength: 40 }), (asked, rows) => {
        const { filter: normalized } = normalizeFilter(asked, columns);
        if (contradictionIn(normalized, (field) => columns.get(field as 'n')) === null) return;
        claimed += 1;
        const met = rows.filter((one) => matches(normalized, (field) => one[field as 'n']));
        expect(met).toEqual([]);
      }),
      { numRuns: 2000 },
    );
    // It was claimed often enough to mean something.
    expect(claimed).toBeGreaterThan(100);
  });
});
