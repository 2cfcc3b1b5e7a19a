import { applyDecorators } from '@nestjs/common';
import { ApiResponse } from '@nestjs/swagger';
import { z } from 'zod';

/**
 * One declaration for validation, type and documentation of a request body: unknown properties are refused, and `example`
 * is what /docs offers. Use it as `@Body({ schema })` with `z.infer<typeof schema>` as the type.
 * @throws {z.ZodError} at import, when the example would be refused
 */
export function bodySchema<const S extends z.core.$ZodLooseShape>(
  shape: S,
  example: z.input<z.ZodObject<S, z.core.$strict>>,
) {
  const schema = z.strictObject(shape).meta({ example });
  schema.parse(example);
  return schema;
}

/** Documents the problem+json answers of a route, a sentence per status. */
export function ApiProblems(problems: Readonly<Record<number, string>>): MethodDecorator & ClassDecorator {
  return applyDecorators(
    ...Object.entries(problems).map(([status, description]) =>
      ApiResponse({
        status: Number(status),
        description,
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      }),
    ),
  );
}

/** The schema that ApiProblems points to; `bootstrapApp` puts it into the document. */
export const problemSchema = {
  type: 'object' as const,
  required: ['type', 'title', 'status', 'code'],
  properties: {
    type: { type: 'string', example: 'about:blank' },
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { type: 'string', description: 'Stable; what programs may branch on.' },
    detail: { type: 'string' },
    instance: { type: 'string' },
    traceId: { type: 'string' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          pointer: { type: 'string', description: 'JSON pointer into the body.' },
          parameter: { type: 'string', description: 'Name of a parameter of the URL or a header.' },
          code: { type: 'string' },
          detail: { type: 'string' },
          allowed: { type: 'array', items: { type: 'string' } },
          didYouMean: { type: 'string' },
        },
      },
    },
  },
};
