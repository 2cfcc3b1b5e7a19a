import type { DateInterval } from './aggregates.js';

const day = 86_400_000;

/**
 * The latest labels of intervals (`2026-05`, `2026-Q2`, …) at most `limit`, in the order of time, with those in between
 * that are missing. `labels` are in the order of time.
 */
export function fillGaps(labels: readonly string[], interval: DateInterval, limit: number): string[] {
  const [first, last] = [labels[0], labels.at(-1)];
  if (first === undefined || last === undefined) return [];
  const filled: string[] = [];
  // Text of one form has the order of time, for the years 0000 to 9999; a label of another form ends the walk at once.
  for (let label = last; label >= first && filled.length < limit; label = before(label, interval))
    filled.push(label);
  return filled.reverse();
}

/** The label of the interval before: calendar arithmetic, in which zones play no part. */
function before(label: string, interval: DateInterval): string {
  const [year = 0, part = 1] = (label.match(/\d+/g) ?? []).map(Number);
  switch (interval) {
    case 'hour':
      return isoBefore(`${label}:00:00Z`, 3_600_000, 'YYYY-MM-DDTHH');
    case 'day':
      return isoBefore(label, day, 'YYYY-MM-DD');
    case 'week':
      return isoBefore(label, 7 * day, 'YYYY-MM-DD');
    case 'month':
      return part > 1 ? `${digits(year)}-${String(part - 1).padStart(2, '0')}` : `${digits(year - 1)}-12`;
    case 'quarter':
      return part > 1 ? `${digits(year)}-Q${part - 1}` : `${digits(year - 1)}-Q4`;
    case 'year':
      return digits(year - 1);
  }
}

function isoBefore(text: string, ms: number, form: string): string {
  return new Date(Date.parse(text) - ms).toISOString().slice(0, form.length);
}

function digits(year: number): string {
  return String(year).padStart(4, '0');
}
