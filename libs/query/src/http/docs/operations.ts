import { applyDecorators } from '@nestjs/common';
import { ApiBody, ApiHeader, ApiOperation, ApiParam, ApiResponse } from '@nestjs/swagger';
import { ApiProblems } from '#kernel/http';
import { limits } from '../../parse/limits.js';
import { controlWords } from '../../parse/parameters.js';
import { exportWords } from '../../parse/parse.js';
import type { ServedView } from '../../served-view.js';
import { kindSchema, type Schema } from './document-schema.js';
import { afterHeaders, freshnessHeaders, withFreshness } from './freshness.js';
import { guardDocs, guardNote } from './guard.js';
import { control, controls, filters } from './parameters.js';
import { choiceOf, refTo, suggestedExample } from './schemas.js';
import { dataOf, fieldsSchema } from './views.js';

const unreadable = 'The query has faults: `errors` lists all of them, with what is allowed.';
const unavailable = {
  503: 'The search server is away, or the view was not built yet. Try again later, at the earliest after `Retry-After`.',
  504: 'The search server did not answer in time.',
};
const bodies = {
  413: '`body_too_large`: more than the server reads at all.',
  415: '`media_type_unsupported`: the body is not JSON.',
};
const walks = {
  410: '`snapshot_expired`: the snapshot that the cursor continues is gone.',
  429: '`too_many_snapshots`: as many snapshots and exports as may be are held; `Retry-After` says until when.',
};

type Operation = 'list' | 'search' | 'batch' | 'fields' | 'suggest' | 'stats' | 'export' | 'get';

/** What /docs says of the operations of a view under one of its names. */
export function docsOf(view: ServedView, name: string): Record<Operation, MethodDecorator> {
  const operation = (of: Operation, summary: string, description: string): MethodDecorator =>
    ApiOperation({
      operationId: `${name}.${of}`,
      summary,
      description: of === 'fields' ? description : `${description} ${guardNote(view)}`.trim(),
      ...(view.deprecated !== null || name !== view.name ? { deprecated: true } : {}),
    });
  const guarded = (docs: MethodDecorator): MethodDecorator => applyDecorators(docs, ...guardDocs(view));
  return {
    list: guarded(list(view, operation)),
    search: guarded(search(view, operation)),
    batch: guarded(batch(view, operation)),
    fields: applyDecorators(
      operation('fields', `The fields of ${view.name}, with what may be asked of each`, ''),
      answer('The fields in the order of the document.', fieldsSchema),
    ),
    suggest: guarded(suggest(view, operation)),
    stats: guarded(stats(view, operation)),
    export: guarded(exported(view, operation)),
    get: guarded(get(view, operation)),
  };
}

type Described = (of: Operation, summary: string, description: string) => MethodDecorator;

function answer(description: string, schema: Schema): MethodDecorator {
  return ApiResponse({ status: 200, description, schema });
}

function list(view: ServedView, operation: Described): MethodDecorator {
  return applyDecorators(
    ...afterHeaders,
    operation(
      'list',
      `List and search ${view.name}`,
      'Filters are `field=value` or `field[operator]=value`. A comma or a repeated parameter means any of the values; ' +
        'a value with a comma is quoted. Conditions on one list mean the same element of it.',
    ),
    ...controls(view, controlWords),
    ...filters(view),
    answer('One page. `next` is the cursor of the page after it, or null on the last.', refTo(view, 'page')),
    ApiProblems({ 400: unreadable, ...walks, ...unavailable }),
  );
}

function search(view: ServedView, operation: Described): MethodDecorator {
  return applyDecorators(
    ...afterHeaders,
    operation(
      'search',
      `Search ${view.name} by JSON`,
      'As the list, with `and`, `or` and `not`. A page is continued here or by `GET` with its cursor.',
    ),
    ApiBody({ schema: refTo(view, 'search') }),
    answer('One page.', refTo(view, 'page')),
    ApiProblems({ 400: unreadable, ...bodies, ...walks, ...unavailable }),
  );
}

function batch(view: ServedView, operation: Described): MethodDecorator {
  return applyDecorators(
    ...afterHeaders,
    operation('batch', `Get several documents of ${view.name}`, 'In the order of the ids, each once.'),
    ApiBody({
      schema: {
        type: 'object',
        required: ['ids'],
        additionalProperties: false,
        properties: {
          ids: { type: 'array', maxItems: limits.batch, items: { type: 'string', minLength: 1 } },
        },
        example: { ids: [kindSchema('id').example] },
      },
    }),
    answer(
      'The documents, and the ids that have none.',
      withFreshness({
        type: 'object',
        required: ['data', 'missing'],
        properties: {
          data: { type: 'array', items: refTo(view, 'document') },
          missing: { type: 'array', items: { type: 'string' } },
        },
      }),
    ),
    ApiProblems({ 400: unreadable, ...bodies, ...unavailable }),
  );
}

function suggest(view: ServedView, operation: Described): MethodDecorator {
  return applyDecorators(
    ...afterHeaders,
    operation(
      'suggest',
      `The values of a field of ${view.name} that begin with a text`,
      'The most frequent first, with the number of documents that have each. Takes the filters of lists.',
    ),
    control(
      'field',
      'A field of text, of choices or of ids.',
      { type: 'string', example: suggestedExample(view) },
      { required: true },
    ),
    control('prefix', 'The beginning, without regard to case; every value without it.', {
      type: 'string',
      example: 'an',
    }),
    control('limit', `Values, 1 to ${limits.suggestions}; default ${limits.suggestionsDefault}.`, {
      type: 'integer',
      example: limits.suggestionsDefault,
    }),
    ...controls(view, ['where', 'tz']),
    ...filters(view),
    answer(
      'The values.',
      withFreshness(
        dataOf({ value: { type: 'string' }, count: { type: 'integer', minimum: 0, example: 12 } }),
      ),
    ),
    ApiProblems({ 400: unreadable, ...unavailable }),
  );
}

function stats(view: ServedView, operation: Described): MethodDecorator {
  const numeric = [...view.fields.values()].find(
    (field) => field.filterable && ['int', 'money', 'decimal'].includes(field.kind),
  );
  const figure = (op: string, means: string): MethodDecorator[] =>
    numeric === undefined
      ? []
      : [
          control(op, `The fields, separated by commas, ${means}.`, {
            type: 'string',
            example: numeric.path,
          }),
        ];
  const byField: Schema = { type: 'object', additionalProperties: { type: ['number', 'string', 'null'] } };
  return applyDecorators(
    ...afterHeaders,
    operation('stats', `Counts and figures of ${view.name}, by groups`, 'Takes the filters of lists.'),
    control(
      'by',
      'A field, `field:50` values, or a date and its interval, `date:month`. One group without it.',
      {
        type: 'string',
        example: choiceOf(view)?.path ?? 'id',
      },
    ),
    ...figure('sum', 'to sum up'),
    ...figure('avg', 'to take the mean of'),
    ...figure('min', 'to take the least of'),
    ...figure('max', 'to take the greatest of'),
    ...controls(view, ['q', 'in', 'where', 'tz']),
    ...filters(view),
    answer(
      'The groups: by count, intervals in the order of time.',
      withFreshness({
        type: 'object',
        required: ['groups', 'other'],
        properties: {
          groups: {
            type: 'array',
            items: {
              type: 'object',
              required: ['key', 'count'],
              properties: {
                key: { type: ['string', 'number', 'boolean', 'null'], example: '2026-05' },
                count: { type: 'integer', minimum: 0 },
                sum: byField,
                avg: byField,
                min: byField,
                max: byField,
              },
            },
          },
          other: { type: 'integer', minimum: 0, description: 'Documents of the groups that are not listed.' },
        },
      }),
    ),
    ApiProblems({ 400: unreadable, ...unavailable }),
  );
}

function exported(view: ServedView, operation: Described): MethodDecorator {
  return applyDecorators(
    ...afterHeaders,
    operation(
      'export',
      `Export all matches of ${view.name}`,
      'Every document that the filters find, one a line (NDJSON), as one state: no duplicate, nothing missed, and no ' +
        'rebuild of the view shows in it. An answer whose connection breaks off is not complete.',
    ),
    ...controls(view, exportWords),
    ...filters(view),
    ApiResponse({
      status: 200,
      description: 'A document a line.',
      headers: freshnessHeaders,
      content: { 'application/x-ndjson': { schema: refTo(view, 'part') } },
    }),
    ApiProblems({ 400: unreadable, 429: walks[429], ...unavailable }),
  );
}

function get(view: ServedView, operation: Described): MethodDecorator {
  return applyDecorators(
    ...afterHeaders,
    operation('get', `Get one document of ${view.name}`, ''),
    ApiParam({ name: 'id', schema: kindSchema('id') }),
    ApiHeader({
      name: 'If-None-Match',
      required: false,
      description: 'The ETag of a copy: the answer is 304 while it is current.',
    }),
    ApiResponse({
      status: 200,
      description: 'The document as it is stored.',
      headers: {
        ETag: {
          description: 'The revision of the document, quoted.',
          schema: { type: 'string', example: '"4398046512011"' },
        },
        ...freshnessHeaders,
      },
      schema: refTo(view, 'document'),
    }),
    ApiResponse({ status: 304, description: 'The copy is current.', headers: freshnessHeaders }),
    ApiProblems({
      400: 'A get takes no parameters.',
      404:
        '`not_found`: there is no document of this id. With `freshness` and `Retry-After` when it may be on its way, ' +
        'since a wait for writes ended without them.',
      ...unavailable,
    }),
  );
}
