import type { FaultCode, QueryFault } from '../faults.js';
import type { ServedView } from '../served-view.js';
import { Amount } from './conditions.js';
import { readZone } from './controls.js';
import { isDeeperThan, isObject, nearestOf, quoted, shortened } from './faults.js';
import { limits } from './limits.js';
import { assembled, type Controls, type Parsed } from './parse.js';
import { readWhere } from './where.js';

/** The members of a search: the words of lists that have a meaning there. */
export const searchMembers = [
  'where',
  'q',
  'in',
  'sort',
  'fields',
  'facets',
  'highlight',
  'limit',
  'cursor',
  'totals',
  'tz',
] as const;

/** A member lies in the body; a filter in `where` may lie `limits.depth` objects and lists deep, with an operand in it. */
const deepest = 2 * limits.depth + 4;

/**
 * What of a body can be read at all: an object whose depth and length are within the limits. All else that looks at it
 * may call itself a level.
 */
export function readBody(
  body: unknown,
  members: readonly string[],
): { readonly body: Readonly<Record<string, unknown>> } | { readonly faults: readonly QueryFault[] } {
  const refuse = (code: FaultCode, detail: string) => ({ faults: [{ parameter: '', code, detail }] });
  if (!isObject(body)) return refuse('value_invalid', 'The body has to be an object in JSON.');
  if (isDeeperThan(body, deepest))
    return refuse(
      'where_too_deep',
      `and, or and not may lie ${limits.depth} levels deep at most, and this body is deeper.`,
    );
  const length = JSON.stringify(body).length;
  if (length > limits.body)
    return refuse(
      'body_too_large',
      `The body has at most ${limits.body} characters, and this one ${length}.`,
    );
  const unknown = Object.keys(body).filter((name) => !members.includes(name));
  if (unknown.length === 0) return { body };
  return {
    faults: unknown.map((name) => ({
      parameter: shortened(name),
      code: 'unsupported_parameter' as const,
      detail: `The body has no '${shortened(name)}'.`,
      allowed: members,
      ...nearestOf(name, members),
    })),
  };
}

/**
 * Reads the body of `POST _search` by the grammar of the query API, with the faults that the same query would have as a
 * query string. `cursor` is for the caller to read.
 */
export function parseSearch(given: unknown, view: ServedView, now: number): Parsed {
  const read = readBody(given, searchMembers);
  if ('faults' in read) return read;
  const { body } = read;
  const faults: QueryFault[] = [];
  const { cursor: _cursor, ...query } = body;
  const length = JSON.stringify(query).length;
  if (length > limits.search)
    faults.push({
      parameter: '',
      code: 'body_too_large',
      detail: `A search has at most ${limits.search} characters of JSON without its cursor, and this one ${length}.`,
    });
  const zone = readZone(textOf(body, 'tz', faults), faults);
  // Read by the caller when it is a text; another value is a fault like any other.
  textOf(body, 'cursor', faults);
  const calendar = { now, zone };
  const amount = new Amount();
  const parts =
    body['where'] === undefined ? [] : readWhere(body['where'], { view, calendar, amount, faults });
  faults.push(...amount.faults());
  return assembled(controlsOf(body, faults), parts, view, calendar, faults);
}

type Body = Readonly<Record<string, unknown>>;

function controlsOf(body: Body, faults: QueryFault[]): Controls {
  const text = (name: 'q' | 'totals') => given(name, textOf(body, name, faults));
  const texts = (name: 'in' | 'sort' | 'fields' | 'facets') => given(name, textsOf(body, name, faults));
  const { limit, highlight } = body;
  return {
    ...text('q'),
    ...text('totals'),
    ...texts('in'),
    ...texts('sort'),
    ...texts('fields'),
    ...texts('facets'),
    ...(typeof highlight === 'boolean'
      ? { highlight: [String(highlight)] }
      : given('highlight', textsOf(body, 'highlight', faults))),
    // A number in quotes stays one in quotes, and is refused as such.
    ...(limit === undefined ? {} : { limit: JSON.stringify(limit) }),
  };
}

function given<K extends string, T>(name: K, value: T | undefined): Partial<Record<K, T>> {
  return value === undefined ? {} : ({ [name]: value } as Record<K, T>);
}

function textOf(body: Body, name: string, faults: QueryFault[]): string | undefined {
  const value = body[name];
  if (value === undefined) return undefined;
  if (typeof value === 'string' && value !== '') return value;
  faults.push({
    parameter: name,
    code: value === '' ? 'value_empty' : 'value_invalid',
    detail: value === '' ? `'${name}' has no value.` : `'${name}' takes a text, and has ${quoted(value)}.`,
  });
  return undefined;
}

/** A list of texts, or one text in which commas part them. */
function textsOf(body: Body, name: string, faults: QueryFault[]): readonly string[] | undefined {
  const value = body[name];
  if (value === undefined) return undefined;
  if (typeof value === 'string' && value !== '') return value.split(',');
  if (Array.isArray(value)) {
    const texts = value.filter((one): one is string => typeof one === 'string');
    if (texts.length === value.length) return texts.length === 0 ? undefined : texts;
  }
  faults.push({
    parameter: name,
    code: value === '' ? 'value_empty' : 'value_invalid',
    detail:
      value === '' ? `'${name}' has no value.` : `'${name}' takes a list of texts, and has ${quoted(value)}.`,
  });
  return undefined;
}
