import { describe as group, expect, it } from '@jest/globals';
import {
  array,
  compile,
  describe,
  id,
  int,
  list,
  many,
  money,
  nullable,
  one,
  oneOf,
  ref,
  source,
  string,
  sum,
  view,
  was,
  withDefault,
  type Plan,
  type Source,
} from '#views';
import { sourceChanges } from './source-changes.js';
import { lockedSources } from './sources-lock.js';
import { verdictOf, type Verdict } from './verdict.js';

const customer = source('customer', { id: id(), name: string() });
const columns = {
  id: id(),
  customerId: ref(customer),
  status: oneOf('pending', 'confirmed'),
  total: money('EUR'),
  note: string(),
  lines: list({ sku: string(), quantity: int() }),
};
const order = source('order', columns, { owner: 'orders' });
const orders = compile(
  view('orders', order, (o) => ({ status: o.status, note: o.note, who: one(o.customerId, (c) => c.name) })),
);

/** What it does that `before` becomes `after`, beside the customers, under one plan. */
function verdict(before: Source, after: Source, plans: readonly Plan[] = [orders]): Verdict {
  const locked = (one: Source) => {
    const all = [customer, one].map(describe);
    return lockedSources(all, all, plans);
  };
  return verdictOf(sourceChanges(locked(before), locked(after)));
}
/** What it does that the order gets these columns. */
const becomes = (after: object): Verdict => verdict(order, source('order', after, { owner: 'orders' }));
const { note: _, ...withoutNote } = columns;
const { total: __, ...withoutTotal } = columns;

group('what a change of a source does', () => {
  it('is nothing when it is the same', () => {
    expect(becomes(columns)).toEqual({ impact: 'none', needs: [], details: [] });
  });

  it('is additive for a column that older events can be read without, and needs nothing', () => {
    const after = {
      ...columns,
      city: nullable(string()),
      channel: withDefault(string(), 'web'),
      tags: array(string()),
    };
    expect(becomes(after)).toEqual({
      impact: 'additive',
      needs: [],
      details: [
        'order.city: column added, nullable: older events are read as null',
        'order.channel: column added, older events are read as "web"',
        'order.tags: list added, older events are read as empty',
      ],
    });
  });

  it('needs new columns with backfill for one that the database derives a key of', () => {
    expect(becomes({ ...columns, referrerId: nullable(ref(customer)) })).toEqual({
      impact: 'additive',
      needs: ['new columns with backfill'],
      details: [
        'order.referrerId: column added, nullable: older events are read as null',
        'order: new column "key_referrerId", filled from the copies',
        'order: other indexes on its copies, built before a generation is registered',
      ],
    });
  });

  it('is breaking and a resync for a column that older events lack', () => {
    const lines = list({ sku: string(), quantity: int(), price: int() });
    const { impact, needs, details } = becomes({ ...columns, city: string(), lines });
    expect({ impact, needs }).toEqual({ impact: 'breaking', needs: ['a resync'] });
    expect(details).toEqual([
      expect.stringContaining('order.lines.price: column added that is neither nullable'),
      expect.stringContaining('order.city: column added that is neither nullable'),
    ]);
  });

  it('is breaking for a column that a view reads and that goes, additive for one that none reads', () => {
    expect(becomes(withoutNote)).toMatchObject({
      impact: 'breaking',
      needs: ['a rebuild'],
      details: [expect.stringContaining('order.note: column removed, which orders read')],
    });
    expect(becomes(withoutTotal)).toEqual({
      impact: 'additive',
      needs: [],
      details: ['order.total: column removed, which no view reads'],
    });
  });

  it('is additive for a renamed column, with backfill when it is a key', () => {
    expect(becomes({ ...withoutNote, remark: was(string(), 'note') })).toMatchObject({
      impact: 'additive',
      needs: [],
      details: [expect.stringContaining('order.remark: renamed from note')],
    });
    const { customerId: ___, ...rest } = columns;
    expect(becomes({ ...rest, buyerId: was(ref(customer), 'customerId') })).toMatchObject({
      impact: 'additive',
      needs: ['new columns with backfill'],
    });
    const lines = list({ sku: string(), pieces: was(int(), 'quantity') });
    expect(becomes({ ...columns, lines })).toMatchObject({
      impact: 'additive',
      details: [expect.stringContaining('order.lines.pieces: renamed from lines.quantity')],
    });
  });

  it('is breaking and a resync for another kind or currency, or when null is no longer allowed', () => {
    const kinds = becomes({ ...columns, note: int(), total: money('USD') });
    expect(kinds).toMatchObject({ impact: 'breaking', needs: ['a resync'] });
    expect(kinds.details).toEqual([
      'breaking: order.total: is money(USD), was money(EUR): older copies hold the old kind',
      'breaking: order.note: is int, was string: older copies hold the old kind',
    ]);
    const loose = source('order', { ...columns, note: nullable(string()) }, { owner: 'orders' });
    expect(verdict(loose, order)).toMatchObject({ impact: 'breaking', needs: ['a resync'] });
    expect(verdict(order, loose)).toMatchObject({ impact: 'additive', needs: [] });
    expect(becomes({ ...columns, lines: array(string()) })).toMatchObject({
      impact: 'breaking',
      needs: ['a resync'],
    });
  });

  it('is breaking when what stood for older events goes: a default, or a former name', () => {
    const first = source('order', { ...columns, city: withDefault(string(), '-') }, { owner: 'orders' });
    const second = source('order', { ...columns, city: string() }, { owner: 'orders' });
    expect(verdict(first, second)).toMatchObject({ impact: 'breaking', needs: ['a resync'] });
    const renamed = source('order', { ...columns, note: was(string(), 'remark') }, { owner: 'orders' });
    expect(verdict(renamed, order).details).toEqual([
      'breaking: order.note: older events are not read by the name remark any more',
    ]);
  });

  it('is additive for a value that oneOf gets, breaking for one that it loses', () => {
    expect(becomes({ ...columns, status: oneOf('pending', 'confirmed', 'parked') })).toMatchObject({
      impact: 'additive',
      details: ['order.status: may also be parked'],
    });
    expect(becomes({ ...columns, status: oneOf('pending') }).impact).toBe('breaking');
  });

  it('is breaking for another reference', () => {
    expect(becomes({ ...columns, customerId: ref(customer, { unique: true }) }).details).toEqual([
      'breaking: order.customerId: a unique reference to customer.id, was a reference to customer.id',
    ]);
  });

  it('asks for a resync of a source that is new or renamed, since nothing of it is there', () => {
    const all = [customer, order].map(describe);
    const both = lockedSources(all, all, [orders]);
    const only = new Map([...both].filter(([name]) => name === 'customer'));
    expect(verdictOf(sourceChanges(only, both))).toMatchObject({ impact: 'additive', needs: ['a resync'] });
    expect(verdictOf(sourceChanges(both, only))).toMatchObject({ impact: 'breaking' });
    const purchase = source('purchase', columns, { owner: 'orders', was: 'order' });
    expect(verdict(order, purchase, [])).toMatchObject({
      impact: 'breaking',
      needs: ['a resync', 'a rebuild'],
      details: [expect.stringContaining('purchase: source renamed from order')],
    });
  });

  it('needs new columns with backfill, but nothing of the publisher, when a view sorts or rolls up by a column', () => {
    const latest = compile(
      view('customers', customer, (c) => ({
        name: c.name,
        spent: sum(order.customerId, (o) => o.total),
        latest: many(order.customerId, { sort: '-note', limit: 3 }, (o) => ({ note: o.note })),
      })),
    );
    const all = [customer, order].map(describe);
    const [before, after] = [lockedSources(all, all, [orders]), lockedSources(all, all, [orders, latest])];
    const { impact, needs, details } = verdictOf(sourceChanges(before, after));
    expect({ impact, needs }).toEqual({ impact: 'additive', needs: ['new columns with backfill'] });
    expect(details.filter((detail) => detail.includes('new column'))).toEqual([
      expect.stringMatching(/^order: new column "value_note_\w+", filled from the copies$/),
      expect.stringMatching(/^order: new column "value_total_\w+", filled from the copies$/),
    ]);
  });

  it('says that triggers change when a view reads more', () => {
    const more = compile(
      view('orders', order, (o) => ({
        status: o.status,
        note: o.note,
        total: o.total,
        who: one(o.customerId, (c) => c.name),
      })),
    );
    const all = [customer, order].map(describe);
    const [before, after] = [lockedSources(all, all, [orders]), lockedSources(all, all, [more])];
    expect(verdictOf(sourceChanges(before, after)).details).toEqual([
      expect.stringContaining('order: other changes of its rows mark documents'),
    ]);
  });
});
