import type { QueryFault } from '../faults.js';

/** The bare words that are not fields. A field of such a name is asked with its operator: `limit[eq]=5`. */
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

export interface Parameters {
  readonly controls: ReadonlyMap<ControlWord, string>;
  readonly filters: readonly FilterParameter[];
  readonly faults: readonly QueryFault[];
}

/** Each parameter is work for parser and server; a form with more fields than this is none that people fill. */
const mostParameters = 100;

/** Splits a raw query string. Brackets may be raw or encoded; nothing in it can make this throw. */
export function readParameters(query: string): Parameters {
  const controls = new Map<ControlWord, string>();
  const filters: FilterParameter[] = [];
  const faults: QueryFault[] = [];
  const entries = [...new URLSearchParams(query)];
  if (entries.length > mostParameters)
    faults.push({
      parameter: '',
      code: 'too_many_values',
      detail: `A query has at most ${mostParameters} parameters, and this one ${entries.length}.`,
    });

  for (const [name, value] of entries.slice(0, mostParameters)) {
    if (isControlWord(name)) {
      if (controls.has(name))
        faults.push({ parameter: name, code: 'parameter_repeated', detail: `'${name}' may be given once.` });
      controls.set(name, value);
      continue;
    }
    const [, path, operator] = /^([^[\]]+)(?:\[([^[\]]*)\])?$/.exec(name) ?? [];
    if (path === undefined)
      faults.push({
        parameter: shortened(name),
        code: 'parameter_malformed',
        detail: 'A parameter is written field=value or field[operator]=value.',
      });
    else filters.push({ name: shortened(name), path, operator: operator ?? null, value });
  }
  return { controls, filters, faults };
}

function isControlWord(name: string): name is ControlWord {
  return (controlWords as readonly string[]).includes(name);
}

function shortened(name: string): string {
  return name.length > 100 ? `${name.slice(0, 100)}…` : name;
}
