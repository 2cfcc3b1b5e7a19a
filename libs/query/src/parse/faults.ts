import type { QueryFault } from '../faults.js';
import { nearest } from './suggest.js';

/** What is said of a parameter, without its name. */
export type Report = (fault: Omit<QueryFault, 'parameter'>) => void;

export function reportOn(parameter: string, faults: QueryFault[]): Report {
  return (fault) => void faults.push({ parameter, ...fault });
}

/** `{ didYouMean }` when a name is near, to spread into a fault. */
export function nearestOf(name: string, names: Iterable<string>): Pick<QueryFault, 'didYouMean'> {
  const didYouMean = nearest(name, names);
  return didYouMean === undefined ? {} : { didYouMean };
}

/** Names come from the outside, and faults go back: none is longer than it needs to be known again. */
export function shortened(text: string, most = 100): string {
  return text.length > most ? `${text.slice(0, most)}…` : text;
}

export function quoted(value: unknown): string {
  return typeof value === 'string' ? `"${shortened(value, 60)}"` : shortened(JSON.stringify(value) ?? '', 60);
}

/**
 * JSON of a caller, cut short where it is deep: what reads it calls itself once a level.
 * @returns whether anything lies deeper than `most` levels
 */
export function isDeeperThan(value: unknown, most: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (most === 0) return true;
  return Object.values(value).some((item) => isDeeperThan(item, most - 1));
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
