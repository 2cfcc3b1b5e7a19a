import { applyDecorators } from '@nestjs/common';
import { ApiOperation, ApiResponse } from '@nestjs/swagger';
import type { SchemaObject } from './document-schema.js';

/** A list under `data`, of items that have all of `properties` but the optional ones. */
export function dataOf(
  properties: Readonly<Record<string, SchemaObject>>,
  optional: readonly string[] = [],
): SchemaObject {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return {
    type: 'object',
    required: ['data'],
    properties: { data: { type: 'array', items: { type: 'object', required, properties } } },
  };
}

const text: SchemaObject = { type: 'string' };

export function ApiViews(): MethodDecorator {
  return applyDecorators(
    ApiOperation({ operationId: 'views', summary: 'The views that are served' }),
    ApiResponse({
      status: 200,
      description: 'The views, with where each is found.',
      schema: dataOf(
        {
          name: text,
          root: text,
          fingerprint: text,
          href: text,
          fields: text,
          was: text,
          deprecated: { type: 'string', format: 'date' },
        },
        ['was', 'deprecated'],
      ),
    }),
  );
}

export const fieldsSchema: SchemaObject = dataOf(
  {
    path: text,
    kind: text,
    list: { type: 'boolean' },
    nullable: { type: 'boolean' },
    values: { type: 'array', items: text },
    currency: text,
    operators: { type: 'array', items: text },
    sortable: { type: 'boolean' },
    searchable: { type: 'boolean' },
  },
  ['values', 'currency'],
);
