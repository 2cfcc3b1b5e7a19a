import { fieldsOf, type Plan, type QueryField } from '#views';
import fc from 'fast-check';
import type { Operation } from './answers.js';
import { broken, filterOf, mostly, whereOf, type Vocabulary } from './request-filters.js';

/** A request to send, with the operation of the OpenAPI document that it is made for. */
export interface Generated {
  readonly operation: Operation;
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

const usual: Vocabulary = {
  ids: ['o1', 'o2', 'dam', 'nobody'],
  texts: ['o1', 'gold', 'A', 'Anna Schmidt', 'Smith, John', ''],
  words: ['anna', 'blue lamp', '"blue lamp" -chair', 'la', '-lamp', 'ann*', '"', 'AND OR', '<b>'],
};

/** Requests of every operation of these views: most that the grammar has, and some that are broken. */
export function generatedRequests(
  plans: readonly Plan[],
  vocabulary: Vocabulary = usual,
): fc.Arbitrary<Generated> {
  return fc.oneof(...plans.map((plan) => requestsOf(plan, vocabulary)));
}

function requestsOf(plan: Plan, vocabulary: Vocabulary): fc.Arbitrary<Generated> {
  const words = fc.constantFrom(...vocabulary.words);
  const fields = fieldsOf(plan);
  const V = `/views/${plan.view}`;
  const get = (rest: string, query: fc.Arbitrary<string>): fc.Arbitrary<Generated> =>
    query.map((text) => ({ operation: { method: 'get', path: `${V}${rest}` }, path: `${V}${rest}${text}` }));
  const post = (rest: string, body: fc.Arbitrary<unknown>): fc.Arbitrary<Generated> =>
    body.map((value) => ({
      operation: { method: 'post', path: `${V}${rest}` },
      path: `${V}${rest}`,
      body: value,
    }));
  const filters = fc.array(filterOf(fields, vocabulary), { maxLength: 3 });
  const paths = fc.constantFrom(...fields.map(({ path }) => path));
  const controlled = (controls: Readonly<Record<string, fc.Arbitrary<string>>>): fc.Arbitrary<string> =>
    fc
      .tuple(controlsGiven(controls), filters)
      .map(([given, conditions]) => queryOf([...given, ...conditions]));
  const cursors = fc.constantFrom('?cursor=3.e30.abc', '?cursor=x', '?limit=1&cursor=');
  const where = whereOf(fields, vocabulary).map((filter) => JSON.stringify(filter));
  const id = fc.oneof(
    fc.constantFrom(...vocabulary.ids),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 30 }),
  );
  return fc.oneof(
    {
      weight: 5,
      arbitrary: get('', mostly(controlled({ ...controlsOf(fields, paths, words), where }), cursors)),
    },
    { weight: 4, arbitrary: post('/_search', mostly(bodyOf(fields, paths, vocabulary), fc.jsonValue())) },
    {
      weight: 1,
      arbitrary: post(
        '/_batch',
        mostly<unknown>(fc.record({ ids: fc.array(id, { maxLength: 5 }) }), fc.jsonValue()),
      ),
    },
    { weight: 1, arbitrary: get('/_export', controlled({ sort: paths, fields: paths, q: words, where })) },
    {
      weight: 2,
      arbitrary: get(
        '/_suggest',
        fc
          .tuple(
            paths,
            controlled({ prefix: fc.oneof(words, broken), limit: fc.constantFrom('1', '100', '0'), where }),
          )
          .map(([path, rest]) => `?field=${path}&${rest.slice(1)}`),
      ),
    },
    {
      weight: 2,
      arbitrary: get(
        '/_stats',
        controlled({ by: facetOf(fields), sum: paths, avg: paths, min: paths, max: paths, q: words, where }),
      ),
    },
    {
      weight: 1,
      arbitrary: id.map((text): Generated => {
        const part = encodeURIComponent(text.toWellFormed());
        return { operation: { method: 'get', path: `${V}/{id}` }, path: `${V}/${part}` };
      }),
    },
  );
}

function controlsOf(
  fields: readonly QueryField[],
  paths: fc.Arbitrary<string>,
  words: fc.Arbitrary<string>,
): Readonly<Record<string, fc.Arbitrary<string>>> {
  const text = fields.filter(({ hints }) => hints.text !== undefined).map(({ path }) => path);
  return {
    q: words,
    in: fc.constantFrom(...text, 'id'),
    sort: sortOf(paths),
    fields: fc.array(paths, { minLength: 1, maxLength: 3 }).map((some) => some.join()),
    facets: fc.uniqueArray(facetOf(fields), { minLength: 1, maxLength: 3 }).map((some) => some.join()),
    highlight: fc.constantFrom('true', 'false', ...text),
    limit: mostly(fc.constantFrom('0', '1', '5', '100'), fc.constant('101')),
    page: mostly(fc.constantFrom('1', '2', '10'), fc.constant('100000')),
    totals: mostly(fc.constantFrom('exact', 'estimate', 'none'), fc.constant('all')),
    tz: mostly(fc.constantFrom('Europe/Amsterdam', '+02:00'), fc.constant('Mars')),
  };
}

function sortOf(paths: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc
    .tuple(
      fc.constantFrom('', '-'),
      paths,
      mostly(fc.constantFrom('', ':nullsFirst', ':nullsLast'), fc.constant(':x')),
    )
    .map((parts) => parts.join(''));
}

function facetOf(fields: readonly QueryField[]): fc.Arbitrary<string> {
  return fc.constantFrom(...fields).chain((field) => {
    const specs = ['', '', ':5'];
    if (field.kind === 'instant' || field.kind === 'day')
      specs.push(':month', ':week', ':2026-01-01..now', ':hour');
    if (['int', 'money', 'decimal'].includes(field.kind)) specs.push(':..1000|1000..', ':5..1');
    return fc.constantFrom(...specs).map((spec) => `${field.path}${spec}`);
  });
}

/** Each once, as a rule. */
function controlsGiven(
  controls: Readonly<Record<string, fc.Arbitrary<string>>>,
): fc.Arbitrary<(readonly [string, string])[]> {
  const given = controlOf(controls);
  const selector = ([name]: readonly [string, string]): string => name;
  return mostly(
    fc.uniqueArray(given, { maxLength: 4, selector }),
    fc.array(given, { minLength: 2, maxLength: 4 }),
  );
}

function controlOf(
  controls: Readonly<Record<string, fc.Arbitrary<string>>>,
): fc.Arbitrary<readonly [string, string]> {
  return fc
    .constantFrom(...Object.keys(controls))
    .chain((name) => fc.tuple(fc.constant(name), mostly(controls[name] ?? broken, broken)));
}

function bodyOf(
  fields: readonly QueryField[],
  paths: fc.Arbitrary<string>,
  vocabulary: Vocabulary,
): fc.Arbitrary<unknown> {
  return fc.record(
    {
      where: whereOf(fields, vocabulary),
      q: fc.constantFrom(...vocabulary.words),
      sort: fc.array(sortOf(paths), { maxLength: 2 }),
      fields: fc.array(paths, { maxLength: 3 }),
      facets: fc.uniqueArray(facetOf(fields), { maxLength: 2 }),
      highlight: fc.boolean(),
      limit: mostly<unknown>(fc.constantFrom(0, 1, 5, 100), fc.constantFrom(101, '5')),
      totals: fc.constantFrom('exact', 'estimate', 'none'),
      tz: fc.constantFrom('Europe/Amsterdam', '+02:00'),
    },
    { requiredKeys: ['where'] },
  );
}

function queryOf(pairs: readonly (readonly [string, string])[]): string {
  const encoded = pairs.map(
    ([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value.toWellFormed())}`,
  );
  return `?${encoded.join('&')}`;
}
