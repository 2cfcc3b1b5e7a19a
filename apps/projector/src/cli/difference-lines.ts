import type { DocumentDifference } from '#views';
import { shortened } from './dead-letters/visible.js';

const longestValue = 160;

/**
 * One line for each field: `customer.name: "Ann" -> "Anna"`. What is not there is `nothing`, and the whole document goes
 * by that word. Safe to show, whatever the documents hold; long values are cut.
 */
export function differenceLines(
  differences: readonly DocumentDifference[],
  { colour }: { readonly colour: boolean } = { colour: false },
): readonly string[] {
  const red = (text: string): string => (colour ? `\u001b[31m${text}\u001b[39m` : text);
  const green = (text: string): string => (colour ? `\u001b[32m${text}\u001b[39m` : text);
  return differences.map(({ path, before, after }) => {
    const where = path === '' ? 'document' : shortened(path, longestValue);
    return `${where}: ${red(shownValue(before))} -> ${green(shownValue(after))}`;
  });
}

function shownValue(value: unknown): string {
  return value === undefined ? 'nothing' : shortened(JSON.stringify(value), longestValue);
}
