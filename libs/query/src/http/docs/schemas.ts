import { fieldOperatorsOf, type QueryField } from '#views';
import { limits } from '../../parse/limits.js';
import { suggestableFields } from '../../parse/suggestion-query.js';
import type { ServedView } from '../../served-view.js';
import { documentSchema, kindSchema, type Schema, type SchemaObject } from './document-schema.js';
import { freshnessSchema, withFreshness } from './freshness.js';

/** The names of a view's schemas in the document. */
export type SchemaOfView = 'document' | 'part' | 'page' | 'where' | 'search';

export function refTo(view: ServedView, which: SchemaOfView): { $ref: string } {
  return { $ref: `#/components/schemas/${view.name}.${which}` };
}

/** Every schema that the operations of these views point to, by name. */
export function querySchemas(views: readonly ServedView[]): Readonly<Record<string, Schema>> {
  return Object.fromEntries([
    ['Facet', facetSchema],
    ['Freshness', freshnessSchema],
    ...views.flatMap((view): [string, Schema][] => [
      [`${view.name}.document`, documentSchema(view, 'whole')],
      [`${view.name}.part`, documentSchema(view, 'part')],
      [`${view.name}.page`, pageSchema(view)],
      [`${view.name}.where`, whereSchema(view)],
      [`${view.name}.search`, searchSchema(view)],
    ]),
  ]);
}

const count: SchemaObject = { type: 'integer', minimum: 0 };

const facetSchema: SchemaObject = {
  description: 'Counts of documents: by value, by interval of a date, or by range.',
  anyOf: [
    {
      type: 'object',
      required: ['values', 'other'],
      properties: {
        values: {
          type: 'array',
          items: {
            type: 'object',
            required: ['value', 'count'],
            properties: { value: { type: ['string', 'number', 'boolean'] }, count },
          },
        },
        other: { ...count, description: 'What has none of the listed values.' },
      },
    },
    {
      type: 'object',
      required: ['ranges'],
      properties: {
        ranges: {
          type: 'array',
          items: {
            type: 'object',
            required: ['from', 'to', 'count'],
            properties: {
              from: { type: ['string', 'number', 'null'] },
              to: { type: ['string', 'number', 'null'] },
              count,
            },
          },
        },
      },
    },
  ],
};

function pageSchema(view: ServedView): SchemaObject {
  return withFreshness({
    type: 'object',
    required: ['data', 'total', 'totalIsExact', 'next'],
    properties: {
      data: { type: 'array', items: refTo(view, 'part') },
      total: { type: ['integer', 'null'], example: 812, description: 'null with `totals=none`.' },
      totalIsExact: { type: 'boolean', description: 'false: at least `total`.' },
      next: { type: ['string', 'null'], description: 'The cursor of the next page.' },
      facets: {
        type: 'object',
        description: 'By field, when they were asked for; not on pages that a cursor continues.',
        additionalProperties: { $ref: '#/components/schemas/Facet' },
      },
      highlights: {
        type: 'object',
        description: 'By id and field, escaped for HTML with `<mark>` as the only tag.',
        additionalProperties: {
          type: 'object',
          additionalProperties: { type: 'array', items: { type: 'string' } },
        },
      },
    },
  });
}

function whereSchema(view: ServedView): SchemaObject {
  const self = refTo(view, 'where');
  const fields = [...view.fields.values()].filter((field) => field.filterable);
  return {
    type: 'object',
    additionalProperties: false,
    properties: {
      ...Object.fromEntries(fields.map((field) => [field.path, conditionSchema(field)])),
      and: { type: 'array', items: self },
      or: { type: 'array', items: self },
      not: self,
    },
  };
}

function conditionSchema(field: QueryField): SchemaObject {
  const value = operandSchema(field);
  const several: SchemaObject = { anyOf: [value, { type: 'array', items: value }] };
  const operators = fieldOperatorsOf(field);
  const ofOperator = (op: string): SchemaObject => {
    if (op === 'exists') return { type: 'boolean' };
    if (op === 'near') return placeSchema;
    return op === 'eq' || op === 'ne' || op === 'all' ? several : value;
  };
  const byOperator: SchemaObject = {
    type: 'object',
    additionalProperties: false,
    properties: Object.fromEntries(operators.map((op) => [op, ofOperator(op)])),
  };
  return operators.includes('eq') ? { anyOf: [...(several.anyOf ?? []), byOperator] } : byOperator;
}

const placeSchema: SchemaObject = {
  type: 'object',
  required: ['lat', 'lon', 'distance'],
  properties: { lat: { type: 'number' }, lon: { type: 'number' }, distance: { type: 'string' } },
  example: { lat: 52.37, lon: 4.89, distance: '5km' },
};

/** A value to compare with. An instant may be relative, or a day, which no format says. */
function operandSchema(field: QueryField): SchemaObject {
  const { format: _format, ...schema } = kindSchema(field.kind, field.currency);
  return {
    ...schema,
    ...(field.values === undefined ? {} : { enum: [...field.values], example: field.values[0] }),
  };
}

function searchSchema(view: ServedView): SchemaObject {
  const paths: SchemaObject = { type: 'array', items: { type: 'string' } };
  const texts = view.textFields.length > 0;
  return {
    type: 'object',
    additionalProperties: false,
    properties: {
      where: refTo(view, 'where'),
      ...(texts ? { q: { type: 'string', maxLength: limits.text }, in: paths } : {}),
      sort: paths,
      fields: paths,
      facets: paths,
      ...(texts ? { highlight: { anyOf: [{ type: 'boolean' }, paths] } } : {}),
      limit: { type: 'integer', minimum: 0, maximum: limits.page },
      cursor: {
        type: 'string',
        description: '`next` of the page before. Stands alone, or with its own query.',
      },
      totals: { type: 'string', enum: ['exact', 'estimate', 'none'] },
      tz: { type: 'string' },
    },
    example: searchExample(view),
  };
}

/** A search that every view answers: what its own fields allow. */
export function searchExample(view: ServedView): object {
  const choice = choiceOf(view);
  const sortable = [...view.fields.values()].find((field) => field.sortable && field.path !== 'id');
  return {
    where: whereExample(view),
    sort: [`-${sortable?.path ?? 'id'}`],
    ...(choice === undefined ? {} : { facets: [choice.path] }),
    limit: limits.pageDefault,
  };
}

export function whereExample(view: ServedView): object {
  const choice = choiceOf(view);
  return choice === undefined
    ? { id: { exists: true } }
    : { or: [{ [choice.path]: choice.values?.slice(0, 2) }] };
}

/** A field with known values, that most examples speak of. */
export function choiceOf(view: ServedView): QueryField | undefined {
  return [...view.fields.values()].find((field) => field.filterable && (field.values?.length ?? 0) > 0);
}

/** What `_suggest` is asked for in examples. */
export function suggestedExample(view: ServedView): string {
  const fields = suggestableFields(view);
  return fields.find((field) => field.kind === 'string')?.path ?? fields[0]?.path ?? 'id';
}
