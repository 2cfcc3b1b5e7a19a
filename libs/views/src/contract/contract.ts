import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import ajvFormats from 'ajv-formats';
import type { ColumnDescription, SourceDescription, ValueColumn } from '../source/description.js';
import { describe } from '../source/describe.js';
import type { Source } from '../source/source.js';
import { stateSchema, type JsonSchema, type Strictness } from './state-schema.js';

/** What a source's events promise, as a publisher and as a receiver checks it. */
export interface Contract {
  /** The source's name. */
  readonly name: string;
  readonly description: SourceDescription;
  /** JSON Schema 2020-12 of the state that may be published. */
  readonly schema: JsonSchema;
  /** What is wrong with a state that is to be published, a sentence each: it must be exactly what the source declares. */
  readonly faults: (state: unknown) => readonly string[];
  /** Looks at a state that was published elsewhere, perhaps by an older or newer version of the source. */
  readonly received: (state: unknown) => ReceivedState;
}

export interface ReceivedState {
  /** What is wrong, a sentence each; empty when it can be applied. */
  readonly faults: readonly string[];
  /** Values that the source's `oneOf` does not declare (`status: 'parked'`): accepted, to be counted and warned about. */
  readonly openValues: readonly string[];
}

/** The contract of a source. The checks are compiled when they are first needed, once. */
export function contractOf(source: Source): Contract {
  const description = describe(source);
  const published = checker(description, 'published');
  const received = checker(description, 'received');
  const openValues = openValuesOf(description);
  return {
    name: source.name,
    description,
    schema: stateSchema(description, 'published'),
    faults: published,
    received: (state) => {
      const faults = received(state);
      return { faults, openValues: faults.length > 0 ? [] : openValues(state) };
    },
  };
}

function checker(
  description: SourceDescription,
  strictness: Strictness,
): (state: unknown) => readonly string[] {
  let compiled: ValidateFunction | undefined;
  return (state) => {
    compiled ??= compileSchema(stateSchema(description, strictness));
    return compiled(state) ? [] : sentences(compiled.errors ?? []);
  };
}

function compileSchema(schema: JsonSchema): ValidateFunction {
  const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true });
  // A CommonJS default export seen from an ES module.
  ajvFormats.default(ajv);
  ajv.addKeyword({
    keyword: 'x-maxBytes',
    type: 'string',
    schemaType: 'number',
    validate: (most: number, text: string) => Buffer.byteLength(text) <= most,
    error: { message: ({ schema: most }) => `must have at most ${String(most)} bytes` },
  });
  return ajv.compile(schema);
}

/** A list of a thousand bad lines needs no thousand sentences. */
const maxSentences = 20;

function sentences(errors: readonly ErrorObject[]): readonly string[] {
  // `anyOf` repeats what its branches said.
  const all = [...new Set(errors.filter((error) => error.keyword !== 'anyOf').map(sentence))];
  if (all.length <= maxSentences) return all;
  return [...all.slice(0, maxSentences), `There are ${all.length - maxSentences} more faults.`];
}

function sentence({ instancePath, keyword, message, params }: ErrorObject): string {
  const path = instancePath.slice(1).replaceAll('/', '.');
  const at = path === '' ? 'The state' : `'${path}'`;
  const inside = path === '' ? '' : `${path}.`;
  const given = params as Record<string, unknown>;
  switch (keyword) {
    case 'required':
      return `'${inside}${String(given['missingProperty'])}' is missing.`;
    case 'additionalProperties':
      return `'${inside}${String(given['additionalProperty'])}' is not declared by the source.`;
    case 'enum':
      return `${at} must be one of ${(given['allowedValues'] as unknown[]).map(String).join(', ')}.`;
    case 'pattern':
      return `${at} must not begin with "_".`;
    default:
      return `${at} ${message ?? 'is wrong'}.`;
  }
}

/** Looks for values that no `oneOf` of the source declares; which columns to look at is known ahead. */
function openValuesOf({ columns }: SourceDescription): (state: unknown) => readonly string[] {
  const own = columns.filter(isOpen);
  const lists = columns.flatMap((column) => {
    const items = column.kind === 'list' ? column.columns.filter(isOpen) : [];
    return items.length === 0 ? [] : [{ name: column.name, items }];
  });
  return (state) => {
    if (!isRecord(state)) return [];
    const found: string[] = [];
    for (const column of own) noteUnlisted(column, state, column.name, found);
    for (const { name, items } of lists) {
      const rows: unknown = state[name];
      if (!Array.isArray(rows)) continue;
      for (const row of rows.filter(isRecord))
        for (const item of items) noteUnlisted(item, row, `${name}.${item.name}`, found);
    }
    return found.length === 0 ? found : [...new Set(found)];
  };
}

type OpenColumn = ValueColumn & { readonly values: readonly string[] };

function isOpen(column: ColumnDescription): column is OpenColumn {
  return column.kind === 'enum' && column.values !== undefined;
}

function noteUnlisted(
  { name, values, was }: OpenColumn,
  row: Record<string, unknown>,
  path: string,
  found: string[],
): void {
  const value = row[name] ?? (was === undefined ? undefined : row[was]);
  const given: readonly unknown[] = Array.isArray(value) ? value : [value];
  for (const one of given)
    if (typeof one === 'string' && !values.includes(one)) found.push(`${path}: '${one}'`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
