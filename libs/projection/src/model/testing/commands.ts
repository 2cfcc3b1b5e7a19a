import fc from 'fast-check';
import type { SourceName } from './domain.js';
import type { Command } from './services.js';

type Columns = Readonly<Record<string, fc.Arbitrary<unknown>>>;

/** Few ids, so that commands meet on the same rows; stock shares the ids of products. */
const ids: Readonly<Record<SourceName, readonly string[]>> = {
  customer: ['c1', 'c2'],
  product: ['p1', 'p2'],
  stock: ['p1', 'p2'],
  order: ['o1', 'o2', 'o3'],
  payment: ['y1', 'y2'],
  shipment: ['s1'],
};
const some = (source: SourceName): fc.Arbitrary<string> => fc.constantFrom(...ids[source]);
const number = fc.integer({ min: 0, max: 9 });

/** Some of them are texts that a careless path from message to index would change. */
const name = fc.constantFrom('Ada', 'Bob', 'Zoë "Z"', '日本 🙂', 'a\\b\t</x>', '');

const columns: Readonly<Record<SourceName, Columns>> = {
  customer: { name: name, tier: fc.constantFrom('basic', 'gold') },
  product: {
    name,
    replacedById: fc.option(some('product')),
  },
  stock: { available: number },
  order: {
    customerId: fc.option(some('customer'), { freq: 8 }),
    status: fc.constantFrom('confirmed', 'pending', 'cancelled'),
    total: number,
    placedAt: number.map((day) => `2026-01-0${day}T10:00:00.000Z`.replace('-00T', '-10T')),
    lines: fc.array(fc.record({ productId: some('product'), quantity: number }), { maxLength: 2 }),
  },
  payment: { orderId: some('order'), status: fc.constantFrom('due', 'paid') },
  shipment: {
    orderIds: fc.uniqueArray(some('order'), { maxLength: 2 }),
    carrier: fc.constantFrom('Post', 'Rad'),
  },
};

const write = (source: SourceName, id = some(source)): fc.Arbitrary<Command> =>
  fc.record({
    do: fc.constant('write' as const),
    source: fc.constant(source),
    id,
    state: fc.record(columns[source]),
  });
const changeOf = (source: SourceName, column: string): fc.Arbitrary<Command> =>
  fc.record({
    do: fc.constant('change' as const),
    source: fc.constant(source),
    id: some(source),
    columns: fc.record({ [column]: columns[source][column] ?? fc.constant(null) }),
  });
const change = (source: SourceName): fc.Arbitrary<Command> =>
  fc.constantFrom(...Object.keys(columns[source])).chain((column) => changeOf(source, column));
const remove = (source: SourceName): fc.Arbitrary<Command> =>
  fc.record({ do: fc.constant('delete' as const), source: fc.constant(source), id: some(source) });

const sources: readonly SourceName[] = ['order', 'customer', 'product', 'payment', 'stock', 'shipment'];

/** Rows that are there from the beginning: most of those that can be. */
export const standingRows: fc.Arbitrary<readonly Command[]> = fc
  .tuple(
    ...sources.flatMap((source) =>
      ids[source].map((id) => fc.option(write(source, fc.constant(id)), { freq: 9 })),
    ),
  )
  .map((commands) => commands.filter((command) => command !== null));

/** Anything that anybody may ask of any service, in any order. */
const anyCommand: fc.Arbitrary<Command> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...sources).chain((source) => write(source)) },
  { weight: 4, arbitrary: fc.constantFrom(...sources).chain(change) },
  { weight: 2, arbitrary: fc.constantFrom(...sources).chain(remove) },
);

/** The references, each with a value of its column that holds one id. */
const references: readonly {
  readonly from: SourceName;
  readonly column: string;
  readonly to: SourceName;
  readonly holding: (id: string) => unknown;
}[] = [
  { from: 'order', column: 'customerId', to: 'customer', holding: (id) => id },
  { from: 'order', column: 'lines', to: 'product', holding: (productId) => [{ productId, quantity: 1 }] },
  { from: 'payment', column: 'orderId', to: 'order', holding: (id) => id },
  { from: 'shipment', column: 'orderIds', to: 'order', holding: (id) => [id] },
  { from: 'product', column: 'replacedById', to: 'product', holding: (id) => id },
];

/** A row gets another partner while that partner changes, its own partners included: what races are about. */
const linkAndChange: fc.Arbitrary<readonly Command[]> = fc.constantFrom(...references).chain((reference) =>
  some(reference.to).chain((id) =>
    fc
      .tuple(
        some(reference.from).map((child): Command => {
          const columns = { [reference.column]: reference.holding(id) };
          return { do: 'change', source: reference.from, id: child, columns };
        }),
        fc
          .oneof(
            { weight: 3, arbitrary: change(reference.to) },
            { weight: 1, arbitrary: remove(reference.to) },
          )
          .map((command): Command => ({ ...command, id })),
      )
      .chain((pair) => fc.shuffledSubarray(pair, { minLength: 2 })),
  ),
);

/** What happens in the shop before it is quiet again: little, so that the next change does not hide a missed one. */
export const fewCommands: fc.Arbitrary<readonly Command[]> = fc.oneof(
  { weight: 2, arbitrary: linkAndChange },
  { weight: 1, arbitrary: fc.array(anyCommand, { minLength: 1, maxLength: 4, size: 'max' }) },
);

/** Every id that a row of the source can have. */
export function idsOf(source: SourceName): readonly string[] {
  return ids[source];
}
