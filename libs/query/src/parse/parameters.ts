import type { QueryFault } from '../faults.js';
import { shortened } from './faults.js';
import { limits } from './limits.js';

/** The bare words of lists that are not fields. A field of such a name is asked with its operator: `limit[eq]=5`. */
export const controlWords = [
  'q',
  'in',
  'sort',
  'fields',
  'facets',
  'highlight',
  'limit',
  'page',
  'cursor',
  'totals',
  'tz',
  'where',
  'snapshot',
] as const;
export type ControlWord = (typeof controlWords)[number];

export interface FilterParameter {
  /** As it was written, for faults. */
  readonly name: string;
  readonly path: string;
  /** null when the name has no brackets: equal. */
  readonly operator: string | null;
  readonly value: string;
}

export interface Parameters<W extends string> {
  /** What was given, without those that are empty, which is a fault. */
  readonly controls: ReadonlyMap<W, string>;
  readonly filters: readonly FilterParameter[];
}

/**
 * Splits a raw query string. Brackets may be raw or encoded; nothing in it can make this throw.
 * @param words the control words of the operation; those of lists are reserved everywhere
 */
export function readParameters<W extends string>(
  query: string,
  words: readonly W[],
  faults: QueryFault[],
): Parameters<W> {
  const controls = new Map<W, string>();
  const filters: FilterParameter[] = [];
  if (query.length > limits.query) {
    faults.push({
      parameter: '',
      code: 'value_too_long',
      detail: `A query string has at most ${limits.query} characters. Send a longer one as the body of POST _search.`,
    });
    return { controls, filters };
  }
  const entries = [...new URLSearchParams(query)];
  if (entries.length > limits.parameters)
    faults.push({
      parameter: '',
      code: 'too_many_values',
      detail: `A query has at most ${limits.parameters} parameters, and this one ${entries.length}.`,
    });

  for (const [name, value] of entries.slice(0, limits.parameters)) {
    const word = words.find((one) => one === name);
    if (word !== undefined) readControl(controls, word, value, faults);
    else if (isReserved(name)) faults.push(meaningless(name, words));
    else {
      const filter = filterParameter(name, value);
      if (filter === null)
        faults.push({
          parameter: shortened(name),
          code: 'parameter_malformed',
          detail: 'A parameter is written field=value or field[operator]=value.',
        });
      else filters.push(filter);
    }
  }
  return { controls, filters };
}

function readControl<W extends string>(
  controls: Map<W, string>,
  word: W,
  value: string,
  faults: QueryFault[],
): void {
  if (controls.has(word))
    faults.push({ parameter: word, code: 'parameter_repeated', detail: `'${word}' may be given once.` });
  else if (value === '')
    faults.push({ parameter: word, code: 'value_empty', detail: `'${word}' has no value.` });
  else controls.set(word, value);
}

function meaningless(name: string, words: readonly string[]): QueryFault {
  return {
    parameter: name,
    code: 'unsupported_parameter',
    detail: `'${name}' has no meaning here. A field of this name is asked as ${name}[eq]=….`,
    allowed: words,
  };
}

function filterParameter(name: string, value: string): FilterParameter | null {
  const [, path, operator] = /^([^[\]]+)(?:\[([^[\]]*)\])?$/.exec(name) ?? [];
  return path === undefined ? null : { name: shortened(name), path, operator: operator ?? null, value };
}

function isReserved(name: string): boolean {
  return (controlWords as readonly string[]).includes(name);
}
