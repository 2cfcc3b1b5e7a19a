import type { ShapeNode, ValueKind } from '#views';
import type { OpenAPIObject } from '@nestjs/swagger';
import type { ServedView } from '../served-view.js';

type Schemas = NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>;
export type SchemaObject = Exclude<Schemas[string], { $ref: string }>;

/** The JSON schema of a view's documents, as OpenAPI 3.0 writes it. */
export function documentSchema(view: ServedView): SchemaObject {
  return nodeSchema(view.plan.shape);
}

function nodeSchema(node: ShapeNode): SchemaObject {
  switch (node.node) {
    case 'object':
      return {
        type: 'object',
        required: node.fields.map((field) => field.name),
        properties: Object.fromEntries(node.fields.map(({ name, of }) => [name, nodeSchema(of)])),
      };
    case 'one': {
      const nullable = !node.required && node.orElse === undefined;
      return { ...nodeSchema(node.of), ...(nullable ? { nullable } : {}) };
    }
    case 'many':
    case 'items':
      return { type: 'array', items: nodeSchema(node.of) };
    case 'constant':
      return kindSchema(node.kind);
    case 'value':
    case 'compute': {
      const value: SchemaObject = {
        ...kindSchema(node.kind, node.currency),
        // The values are named and not enforced: a publisher may send one that this server does not know yet.
        ...(node.values === undefined
          ? {}
          : { description: `One of ${node.values.join(', ')}.`, example: node.values[0] }),
      };
      const schema: SchemaObject =
        node.node === 'value' && node.array ? { type: 'array', items: value } : value;
      return { ...schema, ...(node.nullable && node.orElse === undefined ? { nullable: true } : {}) };
    }
  }
}

/** The schema of a value of this kind, with an example that a filter accepts. */
export function kindSchema(kind: ValueKind, currency?: string): SchemaObject {
  switch (kind) {
    case 'id':
      return { type: 'string', example: '018f2f6e-9d2a-7c3b-8f4e-5a6b7c8d9e0f' };
    case 'string':
    case 'enum':
      return { type: 'string', example: 'Anna' };
    case 'prose':
      return { type: 'string', example: 'Some words.' };
    case 'int':
      return { type: 'integer', format: 'int64', example: 2 };
    case 'money':
      return {
        type: 'integer',
        format: 'int64',
        description: `Minor units of ${currency ?? 'the currency'}.`,
        example: 1050,
      };
    case 'decimal':
      return { type: 'number', format: 'double', example: 1.5 };
    case 'instant':
      return { type: 'string', format: 'date-time', example: '2026-05-31T12:00:00.000Z' };
    case 'day':
      return { type: 'string', format: 'date', example: '2026-05-31' };
    case 'bool':
      return { type: 'boolean', example: true };
    case 'geo':
      return {
        type: 'object',
        required: ['lat', 'lon'],
        properties: { lat: { type: 'number' }, lon: { type: 'number' } },
      };
    case 'json':
      return {};
  }
}
