import {
  compile,
  facet,
  id,
  instant,
  int,
  list,
  many,
  money,
  oneOf,
  source,
  string,
  text,
  view,
  type Filter,
  type FilterOp,
  type FilterValue,
  type Plan,
} from '#views';
import { scattered } from './scattered.js';

const statuses = ['pending', 'confirmed', 'cancelled'] as const;
const order = source(
  'order',
  {
    id: id(),
    status: oneOf(...statuses),
    total: money('EUR'),
    placedAt: instant(),
    lines: list({ sku: string(), name: string(), quantity: int(), unitPrice: money('EUR') }),
  },
  { owner: 'orders' },
);
/** The documents are the same; only how the list is mapped differs. */
const ordersView = (name: string, flat: boolean): Plan =>
  compile(
    view(name, order, (o) => ({
      status: facet(o.status),
      total: o.total,
      placedAt: o.placedAt,
      lines: many(o.lines, { flat }, (l) => ({
        sku: l.sku,
        name: text(l.name),
        quantity: l.quantity,
        unitPrice: l.unitPrice,
      })),
    })),
  );
export const plans = { nested: ordersView('nested-orders', false), flat: ordersView('flat-orders', true) };
export type Arm = keyof typeof plans;
export const arms: readonly Arm[] = ['nested', 'flat'];

interface Line {
  readonly sku: string;
  readonly name: string;
  readonly quantity: number;
  readonly unitPrice: number;
}
export interface Order {
  readonly id: string;
  readonly status: string;
  readonly total: number;
  readonly placedAt: string;
  readonly lines: readonly Line[];
}

const SKUS = 2_000;
const skuOf = (at: number): string => `SKU-${String(at).padStart(4, '0')}`;
const words = ['blue', 'red', 'lamp', 'chair', 'table', 'large', 'small', 'oak', 'steel', 'garden'];

/** An order of one to five lines, the same one each time. */
export function orderOf(at: number): Order {
  return {
    id: `order-${String(at).padStart(8, '0')}`,
    status: statuses[scattered(at * 7, 3)] ?? 'pending',
    total: scattered(at * 7 + 1, 100_000),
    placedAt: new Date(Date.UTC(2026, 0, 1) + scattered(at * 7 + 2, 31_536_000) * 1_000).toISOString(),
    lines: Array.from({ length: 1 + scattered(at * 7 + 3, 5) }, (_, nth) => {
      const sku = scattered(at * 31 + nth * 1_000_003, SKUS);
      return {
        sku: skuOf(sku),
        name: [1, 2, 3].map((word) => words[scattered(sku * 3 + word, words.length)]).join(' '),
        quantity: 1 + scattered(at * 37 + nth * 1_000_033, 9),
        unitPrice: 100 * (1 + scattered(sku, 500)),
      };
    }),
  };
}

const is = (field: string, op: FilterOp, value: FilterValue): Filter => ({
  kind: 'condition',
  field,
  op,
  values: [value],
});

export interface Question {
  readonly where: Filter;
  /** What each arm has to find: a flat list mixes the fields of its elements. */
  readonly finds: Readonly<Record<Arm, (order: Order) => boolean>>;
  readonly facet?: string;
}

const same = (finds: (order: Order) => boolean): Question['finds'] => ({ nested: finds, flat: finds });

/** By kind, as many questions as are asked for. */
export const kinds: Readonly<Record<string, (at: number) => Question>> = {
  'two conditions on one element': (at) => {
    const sku = skuOf(scattered(at, SKUS));
    return {
      where: { kind: 'and', of: [is('lines.sku', 'eq', sku), is('lines.quantity', 'gte', 7)] },
      finds: {
        nested: ({ lines }) => lines.some((line) => line.sku === sku && line.quantity >= 7),
        flat: ({ lines }) =>
          lines.some((line) => line.sku === sku) && lines.some((line) => line.quantity >= 7),
      },
    };
  },
  'one condition on the list': (at) => {
    const sku = skuOf(scattered(at + 500, SKUS));
    return {
      where: is('lines.sku', 'eq', sku),
      finds: same(({ lines }) => lines.some((line) => line.sku === sku)),
    };
  },
  'a wide condition on the list': (at) => ({
    where: is('lines.quantity', 'gte', 2 + (at % 8)),
    finds: same(({ lines }) => lines.some((line) => line.quantity >= 2 + (at % 8))),
  }),
  'no condition on the list': (at) => {
    const [status, least] = [statuses[at % 3] ?? 'pending', scattered(at, 90_000)];
    return {
      where: { kind: 'and', of: [is('status', 'eq', status), is('total', 'gte', least)] },
      finds: same((one) => one.status === status && one.total >= least),
    };
  },
  'a facet of the list': (at) => {
    const least = scattered(at + 77, 90_000);
    return {
      where: is('total', 'gte', least),
      finds: same(({ total }) => total >= least),
      facet: 'lines.sku',
    };
  },
};
