import { ApiHeader } from '@nestjs/swagger';
import { MOST_WRITES } from '#kernel';
import { LONGEST_WAIT_S } from '../../freshness/asked-after.js';
import type { SchemaObject } from './document-schema.js';

const after: SchemaObject = { type: 'string', enum: ['included', 'timeout'] };
const afterMeans =
  'Whether the answer contains the writes of `Prejoin-After`; absent when none were asked for.';
const lagMeans =
  'How old the oldest change is, in milliseconds, that the documents of this view lack. It counts what the projector ' +
  'has received';

export const freshnessSchema: SchemaObject = {
  type: 'object',
  required: ['lagMs'],
  additionalProperties: false,
  properties: {
    lagMs: { type: ['integer', 'null'], minimum: 0, description: `${lagMeans}. null when unknown.` },
    after: { ...after, description: afterMeans },
  },
};

/** An answer that tells how fresh it is, beside what it has. */
export function withFreshness(schema: SchemaObject): SchemaObject {
  return {
    ...schema,
    required: [...(schema.required ?? []), 'freshness'],
    properties: { ...schema.properties, freshness: { $ref: '#/components/schemas/Freshness' } },
  };
}

/** The request headers by which an answer waits for writes. Without an example: a read that is tried should not wait. */
export const afterHeaders: readonly MethodDecorator[] = [
  ApiHeader({
    name: 'Prejoin-After',
    required: false,
    description:
      `Writes that the answer should contain, as commands answer them in \`Prejoin-Wrote\`: \`order/018f@7\`, ` +
      `several separated by commas, at most ${MOST_WRITES}.`,
    schema: { type: 'string' },
  }),
  ApiHeader({
    name: 'Prefer',
    required: false,
    description: `\`wait=2\`: how many seconds the answer may wait for them, at most ${LONGEST_WAIT_S}; default 2.`,
    schema: { type: 'string' },
  }),
];

/** Of answers whose body has no place for it. */
export const freshnessHeaders = {
  'Prejoin-Lag-Ms': {
    description: `${lagMeans}; absent when unknown.`,
    schema: { type: 'integer' as const, minimum: 0 },
  },
  'Prejoin-After': {
    description: afterMeans,
    schema: { type: 'string' as const, enum: ['included', 'timeout'] },
  },
};
