import type { RunningApp } from '#kernel/http';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { fullFormats } from 'ajv-formats/dist/formats.js';

type Document = RunningApp['openapi'];

/**
 * Says what is wrong with an answer by the OpenAPI document: its status, its media type, or its body, by the schema of
 * the operation. Null when nothing is.
 */
export function answerCheck(document: Document): (operation: Operation, answer: Answer) => string | null {
  const ajv = new Ajv2020({ strict: false, formats: fullFormats, allErrors: false });
  ajv.addSchema({ $id: 'openapi', ...document });
  const compiled = new Map<string, ValidateFunction>();
  return ({ method, path }, { status, type, body }) => {
    const responses = document.paths[path]?.[method]?.responses;
    if (responses === undefined) return `${method} ${path} is not described`;
    const described = responses[status];
    if (described === undefined || '$ref' in described) return `${status} is not described`;
    const media = type.split(';')[0] ?? '';
    if (described.content?.[media] === undefined) return body === '' ? null : `${status} has no ${media}`;
    const pointer = ['paths', path, method, 'responses', String(status), 'content', media, 'schema'];
    const at = pointer
      .map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1')))
      .join('/');
    const validate = compiled.get(at) ?? ajv.compile({ $ref: `openapi#/${at}` });
    compiled.set(at, validate);
    const values = media === 'application/x-ndjson' ? body.split('\n').filter((one) => one !== '') : [body];
    for (const value of values) if (!validate(JSON.parse(value))) return ajv.errorsText(validate.errors);
    return null;
  };
}

export interface Operation {
  readonly method: 'get' | 'post';
  /** As the document has it. */
  readonly path: string;
}

export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}
