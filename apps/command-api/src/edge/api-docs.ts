import { applyDecorators } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiParam, ApiResponse } from '@nestjs/swagger';
import { ApiProblems } from '#kernel/http';
import type { Resource } from '../aggregate/outcome.js';

const wroteHeader = {
  'Prejoin-Wrote': {
    description:
      'What the command wrote, as `source/id@version`, separated by commas. A read of the query API that sends it as ' +
      '`Prejoin-After` waits until its answer contains it.',
    schema: { type: 'string' as const, example: 'order/019a3c7e-1f00-7000-8000-000000000004@1' },
  },
};
const etagHeader = {
  ETag: { description: 'The version, for If-Match.', schema: { type: 'string' as const } },
};

interface CommandDocs {
  readonly summary: string;
  /** An example of the resource that is answered, or null when it is gone. */
  readonly answer: Resource | null;
  /** Problems of its own, a sentence per status. */
  readonly problems?: Readonly<Record<number, string>>;
  readonly description?: string;
}

function command(
  { summary, description, answer, problems = {} }: CommandDocs,
  known: Readonly<Record<number, string>>,
  successful: 200 | 201 = 200,
) {
  const status = answer === null ? 204 : successful;
  const location = { Location: { description: 'The new resource.', schema: { type: 'string' as const } } };
  return [
    ApiOperation({ summary, ...(description !== undefined && { description }) }),
    ApiResponse({
      status,
      description: status === 204 ? 'Done; the resource is gone.' : 'The resource as it is now.',
      headers: {
        ...wroteHeader,
        ...(status !== 204 && etagHeader),
        ...(status === 201 && location),
      },
      ...(answer !== null && { schema: resourceSchema(answer) }),
    }),
    ApiProblems({
      400: 'The request is not valid; `errors` lists every fault.',
      503: 'The database is away or too busy. The same Idempotency-Key makes a repeat safe.',
      ...known,
      ...problems,
    }),
  ];
}

/** Every member of a resource is always there; what the example shows is held against real answers by a test. */
function resourceSchema(example: Resource) {
  return { type: 'object' as const, required: Object.keys(example), example };
}

const idempotencyKey = ApiHeader({
  name: 'Idempotency-Key',
  required: false,
  description: 'A repeat with the same key gets the first answer, and `Idempotency-Replayed: true`.',
});
const ifMatch = ApiHeader({
  name: 'If-Match',
  required: false,
  description: 'The ETag that the decision was made on; another version by now is answered 412.',
});
const keyReused = { 422: 'The Idempotency-Key was used for another request.' };
const changed = {
  404: 'There is no such resource.',
  412: 'The resource has changed since the version in If-Match.',
};

/** Documents a POST that makes a resource. */
export function ApiCreate(docs: CommandDocs): MethodDecorator {
  return applyDecorators(idempotencyKey, ...command(docs, keyReused, 201));
}

/** Documents a POST that acts on a resource. */
export function ApiAct(docs: CommandDocs): MethodDecorator {
  const id = ApiParam({ name: 'id', format: 'uuid' });
  return applyDecorators(id, idempotencyKey, ifMatch, ...command(docs, { ...keyReused, ...changed }));
}

/** Documents a PUT, PATCH or DELETE of a resource. */
export function ApiChange(docs: CommandDocs): MethodDecorator {
  return applyDecorators(ApiParam({ name: 'id', format: 'uuid' }), ifMatch, ...command(docs, changed));
}

/** Documents a GET of a resource. */
export function ApiRead(summary: string, answer: Resource): MethodDecorator {
  return applyDecorators(
    ApiParam({ name: 'id', format: 'uuid' }),
    ApiOperation({ summary }),
    ApiResponse({
      status: 200,
      description: 'The resource.',
      headers: etagHeader,
      schema: resourceSchema(answer),
    }),
    ApiResponse({ status: 304, description: 'The version in If-None-Match is the current one.' }),
    ApiProblems({
      400: 'The id is not a UUID.',
      404: 'There is no such resource.',
      503: 'The database is away or too busy.',
    }),
  );
}
