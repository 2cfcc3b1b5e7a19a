import { applyDecorators } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiParam, ApiQuery, ApiResponse } from '@nestjs/swagger';
import { ApiProblems } from '#kernel/http';
import { operatorsOf, type QueryField } from '#views';
import { defaultLimit, largestLimit } from '../parse/parse.js';
import type { ServedView } from '../served-view.js';
import { documentSchema, kindSchema } from './document-schema.js';

const unavailable = 'The search server is away, or the view was not built yet. Try again later.';
const problems = {
  503: unavailable,
  504: 'The search server did not answer in time.',
};

export function ApiList(view: ServedView): MethodDecorator {
  return applyDecorators(
    ApiOperation({
      summary: `List and search ${view.name}`,
      description:
        'Filters are `field=value` or `field[operator]=value`. A comma or a repeated parameter means any of the values; ' +
        'a value with a comma is quoted. Conditions on one list mean the same element of it.',
    }),
    ...controlQueries(view),
    ...[...view.fields.values()].filter((field) => field.filterable).map(filterQuery),
    ApiResponse({
      status: 200,
      description: 'One page. `next` is the cursor of the page after it, or null on the last.',
      schema: {
        type: 'object',
        required: ['data', 'total', 'totalIsExact', 'next'],
        properties: {
          data: { type: 'array', items: documentSchema(view) },
          total: { type: 'integer', example: 812 },
          totalIsExact: { type: 'boolean', description: 'false: at least `total`.' },
          next: { type: 'string', nullable: true },
        },
      },
    }),
    ApiProblems({
      400: 'The query has faults: `errors` lists all of them, with what is allowed.',
      ...problems,
    }),
  );
}

export function ApiGet(view: ServedView): MethodDecorator {
  return applyDecorators(
    ApiOperation({ summary: `Get one document of ${view.name}` }),
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
      },
      schema: documentSchema(view),
    }),
    ApiResponse({ status: 304, description: 'The copy is current.' }),
    ApiProblems({ 404: '`not_found`: there is no document of this id.', ...problems }),
  );
}

export function ApiFields(view: ServedView): MethodDecorator {
  return applyDecorators(
    ApiOperation({ summary: `The fields of ${view.name}, with what may be asked of each` }),
    ApiResponse({
      status: 200,
      schema: { type: 'object', properties: { data: { type: 'array', items: { type: 'object' } } } },
    }),
  );
}

function controlQueries(view: ServedView): MethodDecorator[] {
  const sortable = [...view.fields.values()].find((field) => field.sortable && field.path !== 'id');
  const control = (
    name: string,
    description: string,
    type: 'string' | 'integer',
    example: string | number,
  ): MethodDecorator => ApiQuery({ name, required: false, description, schema: { type, example } });
  return [
    ...(view.textFields.length === 0
      ? []
      : [
          control(
            'q',
            `Text search in ${view.textFields.join(', ')}: all words, the last as a prefix, "phrases", -without.`,
            'string',
            'blue lamp',
          ),
          control(
            'in',
            'The fields that q searches, separated by commas. Needs q.',
            'string',
            view.textFields[0] ?? '',
          ),
        ]),
    control(
      'sort',
      'Fields separated by commas, `-` for descending, `:nullsFirst` to have missing values first.',
      'string',
      `-${sortable?.path ?? 'id'}`,
    ),
    control('fields', 'Answer these fields and the id only.', 'string', sortable?.path ?? 'id'),
    control('limit', `Documents on a page, 0 to ${largestLimit}; default ${defaultLimit}.`, 'integer', 20),
    control(
      'page',
      'Number of the page, from 1; page × limit is at most 1 000. Go on with the cursor past that.',
      'integer',
      1,
    ),
    control('tz', 'The zone in which days begin; default UTC.', 'string', 'Europe/Amsterdam'),
    ApiQuery({
      name: 'cursor',
      required: false,
      description: '`next` of the page before. Stands alone.',
      schema: { type: 'string' },
    }),
  ];
}

function filterQuery(field: QueryField): MethodDecorator {
  const schema = kindSchema(field.kind, field.currency);
  const values = field.values ? ` One of ${field.values.join(', ')}.` : '';
  return ApiQuery({
    name: field.path,
    required: false,
    description:
      `${schema.description ?? ''}${values} Operators: ${operatorsOf(field.kind).join(' ')}.`.trim(),
    schema: { type: schema.type ?? 'string', example: field.values?.[0] ?? (schema.example as unknown) },
  });
}
