import { fieldOperatorsOf, type QueryField } from '#views';
import fc from 'fast-check';

/** What is no value of anything, or a strange one. */
export const broken = fc.oneof(
  fc.constantFrom(
    ...[
      '',
      ',',
      '"',
      '"a',
      'a,,b',
      '-1',
      '1e9',
      '9007199254740993',
      '10.50',
      'null',
      'true',
      '*:*',
      '\u0000',
    ],
    ...[
      '2026-02-30',
      '0000-01-01',
      '9999-12-31',
      'now-999999y',
      'now/d',
      '__proto__',
      '../..',
      '{"a":[',
      ':',
      '..',
    ],
  ),
  fc.string({ unit: 'binary', maxLength: 20 }),
);

/** What is asked for, beside what no document has. */
export interface Vocabulary {
  /** Ids of documents. */
  readonly ids: readonly string[];
  /** Values of ids and strings. */
  readonly texts: readonly string[];
  /** What `q` and `prefix` look for. */
  readonly words: readonly string[];
}

/** A broken one now and then: a request has several parts, of which each may be it. */
export function mostly<T>(fitting: fc.Arbitrary<T>, other: fc.Arbitrary<T>): fc.Arbitrary<T> {
  return fc.oneof({ weight: 15, arbitrary: fitting }, { weight: 1, arbitrary: other });
}

/** A condition of a query string, mostly of an operator that its field takes. */
export function filterOf(
  fields: readonly QueryField[],
  vocabulary: Vocabulary,
): fc.Arbitrary<readonly [string, string]> {
  return fc.constantFrom(...fields).chain((field) =>
    mostly(fc.constantFrom('', '', ...fieldOperatorsOf(field)), fc.constant('like')).chain((op) => {
      const fitting = op === 'exists' ? fc.constantFrom('true', 'false') : textOf(field, op, vocabulary);
      const value = mostly(fitting, broken);
      return fc.tuple(fc.constant(op === '' ? field.path : `${field.path}[${op}]`), value);
    }),
  );
}

function textOf(field: QueryField, op: string, vocabulary: Vocabulary): fc.Arbitrary<string> {
  const value = valueOf(field, vocabulary).map((one) =>
    typeof one === 'string' && /[",]/.test(one) ? `"${one.replaceAll('"', '""')}"` : String(one),
  );
  if (op === 'near') return fc.constantFrom('52.37,4.89,5km', '0,0,1m', '-90,180,20000km', '91,0,5km');
  if (op !== '' && op !== 'eq' && op !== 'ne' && op !== 'all') return value;
  return fc.array(value, { minLength: 1, maxLength: 3 }).map((some) => some.join());
}

function valueOf(field: QueryField, { texts }: Vocabulary): fc.Arbitrary<string | number | boolean> {
  switch (field.kind) {
    case 'int':
    case 'money':
      return fc.constantFrom(-1, 0, 1, 2, 1000, 5000, Number.MAX_SAFE_INTEGER);
    case 'decimal':
      return fc.constantFrom(-1.5, 0, 1e10, 3.25);
    case 'bool':
      return fc.boolean();
    case 'instant':
      return fc.constantFrom(
        '2026-05-01',
        '2026-05-15T12:00:00Z',
        'now-7d',
        'now/M',
        '0001-01-01',
        '9999-12-31',
      );
    case 'day':
      return fc.constantFrom('2026-05-01', '0001-01-01', '9999-12-31');
    case 'enum':
      return fc.constantFrom(...(field.values?.length ? field.values : ['a']));
    case 'id':
    case 'string':
    case 'prose':
    case 'geo':
    case 'json':
      return fc.oneof(fc.constantFrom(...texts), fc.string({ maxLength: 8 }));
  }
}

/** A filter in JSON, up to a few levels deep. */
export function whereOf(fields: readonly QueryField[], vocabulary: Vocabulary): fc.Arbitrary<unknown> {
  const valueIn = (field: QueryField) => valueOf(field, vocabulary);
  const condition = fc.constantFrom(...fields).chain((field) =>
    fc.constantFrom('', ...fieldOperatorsOf(field)).chain((op) => {
      const operand: fc.Arbitrary<unknown> =
        op === 'exists'
          ? fc.boolean()
          : op === 'near'
            ? fc.constantFrom({ lat: 52.37, lon: 4.89, distance: '5km' }, { lat: 1 }, 5)
            : op === '' || op === 'eq' || op === 'ne' || op === 'all'
              ? fc.oneof(valueIn(field), fc.array(valueIn(field), { maxLength: 3 }))
              : valueIn(field);
      const value = mostly(operand, fc.jsonValue());
      return value.map((one) => ({ [field.path]: op === '' ? one : { [op]: one } }));
    }),
  );
  const { filter } = fc.letrec((tie) => ({
    filter: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      condition,
      fc.tuple(condition, condition).map((some) => Object.assign({}, ...some) as object),
      fc.record({ or: fc.array(tie('filter'), { maxLength: 3 }) }),
      fc.record({ and: fc.array(tie('filter'), { maxLength: 3 }) }),
      fc.record({ not: tie('filter') }),
    ),
  }));
  return filter;
}
