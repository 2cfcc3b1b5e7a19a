import { Injectable, type ArgumentMetadata, type PipeTransform } from '@nestjs/common';
import type { z } from 'zod';
import { ProblemError } from './problem.js';

/** One fault of a request. A body's fault has a JSON pointer (RFC 6901), any other names its parameter. */
export type RequestFault =
  | { readonly pointer: string; readonly code: string; readonly detail: string }
  | { readonly parameter: string; readonly code: string; readonly detail: string };

type Path = readonly PropertyKey[];
type Issue = z.core.$ZodIssue;

/**
 * Validates every parameter that has a `schema` (`@Body({ schema })`), and answers 400 with all faults at once.
 *
 * Nest's own StandardSchemaValidationPipe hands its exception factory no metadata, so that a fault could not say whether
 * it is in the body or in which parameter; and PostgreSQL refuses NUL and lone surrogates in text, which no schema says.
 */
@Injectable()
export class RequestValidationPipe implements PipeTransform {
  transform(value: unknown, { schema, type, data }: ArgumentMetadata): unknown {
    if (schema === undefined) return value;
    const place = (path: Path) =>
      type === 'body'
        ? { pointer: pointerOf(path) }
        : { parameter: [...(data === undefined ? [] : [data]), ...path.map(String)].join('.') };

    const faults: RequestFault[] = unstorableTexts(value).map((path) => ({
      ...place(path),
      code: 'text_not_storable',
      detail: 'must not contain the NUL character or half of a surrogate pair',
    }));
    const result = schema['~standard'].validate(value);
    if (result instanceof Promise)
      throw new TypeError('The schema of a request validates asynchronously; use a synchronous one.');
    for (const issue of result.issues ?? []) {
      // Every schema here is zod's; its issues are zod's own behind the narrower standard type.
      for (const fault of faultsOf(issue as Issue))
        faults.push({ ...place(fault.path), code: fault.code, detail: fault.detail });
    }
    if (faults.length > 0 || result.issues) throw invalidRequest(faults);
    return result.value;
  }
}

/** A body of unknown keys would otherwise be answered by one many times its size. */
const maxFaults = 100;

/** The 400 that lists `faults` (the first 100, with the number of all); `extras` may say what is allowed. */
export function invalidRequest(
  faults: readonly RequestFault[],
  extras: Readonly<Record<string, unknown>> = {},
): ProblemError {
  const shown = faults.slice(0, maxFaults);
  const where = shown.map((fault) => ('pointer' in fault ? fault.pointer || 'the body' : fault.parameter));
  return new ProblemError(
    400,
    'validation_failed',
    'The request is not valid',
    `${faults.length} fault(s): ${[...new Set(where)].slice(0, 10).join(', ')}`,
    { ...extras, errors: shown },
  );
}

function faultsOf(issue: Issue): { path: Path; code: string; detail: string }[] {
  if (issue.code !== 'unrecognized_keys')
    return [{ path: issue.path, code: issue.code, detail: issue.message }];
  return issue.keys.map((key) => ({
    path: [...issue.path, key],
    code: 'unknown_property',
    detail: 'is not a property of this request',
  }));
}

function pointerOf(path: Path): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/**
 * The paths of the strings in `value` that PostgreSQL could not store as text; keys need no look, since strict schemas
 * refuse unknown ones. With a stack of its own: a body of 256 KiB can be nested deeper than calls can.
 */
function unstorableTexts(root: unknown): Path[] {
  const found: Path[] = [];
  const open: { readonly value: unknown; readonly path: PathList }[] = [{ value: root, path: null }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { value, path } = next;
    if (typeof value === 'string') {
      if (value.includes('\0') || !value.isWellFormed()) found.push(pathOf(path));
    } else if (typeof value === 'object' && value !== null) {
      for (const [key, item] of Object.entries(value))
        open.push({ value: item, path: { key, parent: path } });
    }
  }
  return found.reverse();
}

/** A path that shares its beginning with its neighbours: arrays would take quadratic space in a deep body. */
type PathList = { readonly key: string; readonly parent: PathList } | null;

function pathOf(list: PathList): Path {
  const path: string[] = [];
  for (let part = list; part !== null; part = part.parent) path.unshift(part.key);
  return path;
}
