import type { ShapeNode, ValueKind } from '#views';
import type { OpenAPIObject } from '@nestjs/swagger';
import type { ServedView } from '../../served-view.js';

export type Schema = NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>[string];
export type SchemaObject = Exclude<Schema, { $ref: string }>;

/** The JSON schema of a view's documents. Of a `part`, which `fields` chose, nothing but the id is certain to be there. */
export function documentSchema(view: ServedView, extent: 'whole' | 'part'): SchemaObject {
  const schema = nodeSchema(view.plan.shape, extent);
  return extent === 'whole' ? schema : { ...schema, required: ['id'] };
}

function nodeSchema(node: ShapeNode, extent: 'whole' | 'part'): SchemaObject {
  switch (node.node) {
    case 'object':
      return {
        type: 'object',
        ...(extent === 'part' ? {} : { required: node.fields.map((field) => field.name) }),
        properties: Object.fromEntries(node.fields.map(({ name, of }) => [name, nodeSchema(of, extent)])),
      };
    case 'one':
      return orNull(nodeSchema(node.of, extent), !node.required && node.orElse === undefined);
    case 'many':
    case 'items':
      return { type: 'array', items: nodeSchema(node.of, extent) };
    case 'constant':
      return kindSchema(node.kind);
    case 'value':
    case 'rollUp':
    case 'compute': {
      const value: SchemaObject = {
        ...kindSchema(node.kind, node.currency),
        // The values are named and not enforced: a publisher may send one that this server does not know yet.
        ...(node.node === 'rollUp' || node.values === undefined
          ? {}
          : { description: `One of ${node.values.join(', ')}.`, example: node.values[0] }),
      };
      const schema: SchemaObject =
        node.node === 'value' && node.array ? { type: 'array', items: value } : value;
      return orNull(schema, node.nullable && node.orElse === undefined);
    }
  }
}

function orNull(schema: SchemaObject, isNullable: boolean): SchemaObject {
  if (!isNullable || schema.type === undefined) return schema;
  return { ...schema, type: [...new Set([schema.type, 'null'].flat())] };
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
