import type { ColumnDescription, SourceDescription, ValueColumn } from '../source/description.js';
import type { ValueKind } from '../plan/plan.js';

export type JsonSchema = { readonly [keyword: string]: unknown };

/**
 * How strictly a state is looked at. `published`: exactly what the source declares. `received`: what an older or newer
 * publisher may send as well, so columns that are not known here, values that `oneOf` does not list, and older states
 * without a later column pass; types do not bend.
 */
export type Strictness = 'published' | 'received';

/** JSON Schema 2020-12 of the state of one aggregate. `x-maxBytes` (UTF-8) is checked by us and ignored elsewhere. */
export function stateSchema(source: SourceDescription, strictness: Strictness): JsonSchema {
  return objectSchema(source.columns, strictness);
}

function objectSchema(columns: readonly ColumnDescription[], strictness: Strictness): JsonSchema {
  const properties = columns.flatMap((column) => {
    const schema = columnSchema(column, strictness);
    const named: [string, JsonSchema][] = [[column.name, schema]];
    if (strictness === 'received' && isRenamed(column)) named.push([column.was, schema]);
    return named;
  });
  const renamed = strictness === 'received' ? columns.filter(isRenamed).filter(isRequired) : [];
  const required = columns.filter((column) =>
    strictness === 'published' ? true : isRequired(column) && !isRenamed(column),
  );
  return {
    type: 'object',
    properties: Object.fromEntries(properties),
    required: required.map((column) => column.name),
    ...(renamed.length === 0 ? {} : { allOf: renamed.map(eitherName) }),
    additionalProperties: strictness === 'received',
  };
}

function isRenamed(column: ColumnDescription): column is ValueColumn & { readonly was: string } {
  return column.kind !== 'list' && column.was !== undefined;
}

/** Whether an event must have it, also an older one: a column that came later is nullable, has a default, or is a list. */
function isRequired(column: ColumnDescription): boolean {
  return column.kind !== 'list' && !column.array && !column.nullable && column.default === undefined;
}

function eitherName({ name, was }: ValueColumn & { readonly was: string }): JsonSchema {
  return { anyOf: [{ required: [name] }, { required: [was] }] };
}

function columnSchema(column: ColumnDescription, strictness: Strictness): JsonSchema {
  if (column.kind === 'list') return { type: 'array', items: objectSchema(column.columns, strictness) };
  const value = valueSchema(column, strictness);
  if (column.array) return { type: 'array', items: value };
  return column.nullable ? orNull(value) : value;
}

function orNull(schema: JsonSchema): JsonSchema {
  const { type, enum: values } = schema;
  if (typeof type !== 'string') return schema;
  return {
    ...schema,
    type: [type, 'null'],
    ...(Array.isArray(values) ? { enum: [...(values as unknown[]), null] } : {}),
  };
}

const maxSafe = Number.MAX_SAFE_INTEGER;
const wholeNumber = { type: 'integer', minimum: -maxSafe, maximum: maxSafe };

/** An aggregate's id, everywhere: operations beside ids begin with `_` in the query API, and so never collide. */
export const idSchema: JsonSchema = { type: 'string', minLength: 1, 'x-maxBytes': 128, pattern: '^[^_]' };

const kindSchemas: { readonly [K in Exclude<ValueKind, 'enum' | 'money'>]: JsonSchema } = {
  id: idSchema,
  string: { type: 'string' },
  prose: { type: 'string' },
  int: wholeNumber,
  decimal: { type: 'number' },
  instant: { type: 'string', format: 'date-time' },
  day: { type: 'string', format: 'date' },
  bool: { type: 'boolean' },
  geo: {
    type: 'object',
    properties: {
      lat: { type: 'number', minimum: -90, maximum: 90 },
      lon: { type: 'number', minimum: -180, maximum: 180 },
    },
    required: ['lat', 'lon'],
    additionalProperties: false,
  },
  json: {},
};

function valueSchema({ kind, values, currency }: ValueColumn, strictness: Strictness): JsonSchema {
  if (kind === 'enum')
    return strictness === 'published' ? { type: 'string', enum: values ?? [] } : { type: 'string' };
  if (kind === 'money')
    return { ...wholeNumber, description: `Minor units of ${currency ?? 'one currency'}.` };
  return kindSchemas[kind];
}
