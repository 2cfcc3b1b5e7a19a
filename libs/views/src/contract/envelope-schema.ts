import { describe } from '../source/describe.js';
import type { Source } from '../source/source.js';
import { idSchema, stateSchema, type JsonSchema } from './state-schema.js';

/** JSON Schema 2020-12 of every event of a source: the envelope with its state, for whoever reads or publishes them. */
export function envelopeSchema(source: Source): JsonSchema {
  const description = describe(source);
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: `prejoin:events/${source.name}`,
    title: `Events of the source '${source.name}'`,
    description: `Published by ${description.owner ?? 'its service'}. Carries the whole state of one aggregate after one change.`,
    type: 'object',
    properties: {
      id: { type: 'string', format: 'uuid', description: 'UUIDv7 of the event.' },
      name: {
        type: 'string',
        pattern: '^[A-Za-z][A-Za-z0-9_-]{0,127}$',
        description: 'The business name, in the past tense.',
      },
      source: { const: source.name },
      aggregateId: idSchema,
      epoch: { type: 'integer', minimum: 0, description: 'Above the version in every comparison.' },
      version: { type: 'integer', minimum: 1, description: 'Rises by one per event of the aggregate.' },
      deleted: { type: 'boolean' },
      occurredAt: { type: 'string', format: 'date-time', description: 'UTC, with milliseconds.' },
      traceparent: { type: ['string', 'null'], description: 'W3C trace context, or null.' },
      data: { description: 'The state; null when deleted.' },
    },
    required: [
      'id',
      'name',
      'source',
      'aggregateId',
      'epoch',
      'version',
      'deleted',
      'occurredAt',
      'traceparent',
      'data',
    ],
    additionalProperties: true,
    oneOf: [
      { properties: { deleted: { const: false }, data: stateSchema(description, 'published') } },
      { properties: { deleted: { const: true }, data: { type: 'null' } } },
    ],
  };
}
