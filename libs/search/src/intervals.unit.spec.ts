import type { DateInterval } from './aggregates.js';
import { fillGaps } from './intervals.js';

describe('Intervals in a row', () => {
  test.each<[DateInterval, string[], string[]]>([
    [
      'hour',
      ['2024-02-28T22', '2024-02-29T01'],
      ['2024-02-28T22', '2024-02-28T23', '2024-02-29T00', '2024-02-29T01'],
    ],
    ['day', ['2024-02-28', '2024-03-01'], ['2024-02-28', '2024-02-29', '2024-03-01']],
    ['week', ['2025-12-22', '2026-01-05'], ['2025-12-22', '2025-12-29', '2026-01-05']],
    ['month', ['2025-11', '2026-02'], ['2025-11', '2025-12', '2026-01', '2026-02']],
    ['quarter', ['2025-Q3', '2026-Q1'], ['2025-Q3', '2025-Q4', '2026-Q1']],
    ['year', ['0998', '1001'], ['0998', '0999', '1000', '1001']],
    ['month', ['2026-05'], ['2026-05']],
    ['month', [], []],
  ])('of a %s from %j have no gaps', (interval, labels, expected) => {
    expect(fillGaps(labels, interval, 10)).toEqual(expected);
  });

  it('are the latest ones, and a date of long ago costs nothing', () => {
    expect(fillGaps(['0001-01-01T00', '2026-05-01T00'], 'hour', 2)).toEqual([
      '2026-04-30T23',
      '2026-05-01T00',
    ]);
    expect(fillGaps(['2026-05'], 'month', 0)).toEqual([]);
  });
});
