import { describe, expect, it } from '@jest/globals';
import {
  carry,
  compile,
  compute,
  facet,
  id,
  instant,
  int,
  list,
  many,
  nullable,
  one,
  oneOf,
  orElse,
  ref,
  source,
  string,
  text,
  view,
  type Plan,
} from '#views';
import { verdictOf } from './verdict.js';
import { viewChanges } from './view-changes.js';

const customer = source('customer', { id: id(), name: string(), alias: string(), note: nullable(string()) });
const order = source('order', {
  id: id(),
  customerId: ref(customer),
  status: oneOf('pending', 'confirmed'),
  placedAt: instant(),
  total: int(),
  lines: list({ sku: string(), quantity: int() }),
});
/** The same source with another value, as a later release declares it. */
const laterOrder = source('order', { ...order.columns, status: oneOf('pending', 'parked') });

const before = compile(
  view('orders', order, { sort: 'placedAt', where: { status: 'pending' } }, (o) => ({
    status: o.status,
    placedAt: o.placedAt,
    total: o.total,
    customer: one(o.customerId, (c) => ({ name: text(c.name), note: c.note })),
    lines: many(o.lines, (l) => ({ sku: l.sku })),
  })),
);

/** The details of what it does that `before` becomes this plan. */
const changed = (plan: Plan): readonly string[] => verdictOf(viewChanges(before, plan)).details;
const base = (o: Parameters<Parameters<typeof view<'orders', typeof order, unknown>>[2]>[0]) => ({
  status: o.status,
  placedAt: o.placedAt,
  total: o.total,
  customer: one(o.customerId, (c) => ({ name: text(c.name), note: c.note })),
  lines: many(o.lines, (l) => ({ sku: l.sku })),
});
const options = { sort: 'placedAt', where: { status: 'pending' } } as const;

describe('what a change of a view does', () => {
  it('is nothing when the declaration is the same', () => {
    const verdict = verdictOf(viewChanges(before, compile(view('orders', order, options, base))));
    expect(verdict).toEqual({ impact: 'none', needs: [], details: [] });
  });

  it('is additive and a rebuild for a field that is added', () => {
    const plan = compile(
      view('orders', order, options, (o) => ({ ...base(o), alias: one(o.customerId, (c) => c.alias) })),
    );
    expect(verdictOf(viewChanges(before, plan))).toEqual({
      impact: 'additive',
      needs: ['a rebuild'],
      details: ['alias: field added'],
    });
  });

  it('is breaking for a field that is removed', () => {
    const plan = compile(
      view('orders', order, options, (o) => {
        const { total: _, ...rest } = base(o);
        return rest;
      }),
    );
    expect(verdictOf(viewChanges(before, plan))).toEqual({
      impact: 'breaking',
      needs: ['a rebuild'],
      details: ['breaking: total: field removed, readers that ask for it get 400'],
    });
  });

  it('is breaking for another kind, for null where there was none, for several values, and for other nesting', () => {
    const kinds = compile(
      view('orders', order, options, (o) => ({
        ...base(o),
        total: compute(string(), [o.total], (t) => `${t}`),
      })),
    );
    expect(changed(kinds)).toContain('breaking: total: is string, was int');
    const nulls = compile(
      view('orders', order, options, (o) => ({
        ...base(o),
        total: compute(nullable(int()), [o.total], (total) => (total > 0 ? total : null)),
      })),
    );
    expect(changed(nulls)).toContain('breaking: total: may be null, and never was');
    const several = compile(
      view('orders', order, options, (o) => ({ ...base(o), total: many(o.lines, (l) => l.quantity) })),
    );
    expect(changed(several)).toContain('breaking: total: several values, was one');
    const flat = compile(
      view('orders', order, options, (o) => ({
        ...base(o),
        lines: many(o.lines, { flat: true }, (l) => ({ sku: l.sku })),
      })),
    );
    expect(changed(flat)).toEqual([
      'breaking: lines.sku: conditions on one element of lines match otherwise',
    ]);
  });

  it('is additive where null goes, here since a missing partner takes the whole document away', () => {
    const plan = compile(
      view('orders', order, options, (o) => ({
        ...base(o),
        customer: one(o.customerId, { required: true }, (c) => ({ name: text(c.name), note: c.note })),
      })),
    );
    expect(verdictOf(viewChanges(before, plan))).toEqual({
      impact: 'additive',
      needs: ['a rebuild'],
      details: [
        'customer.name: is never null any more',
        expect.stringMatching(/^customer: other rows are joined than before/),
      ],
    });
  });

  it('is additive where something stands for null', () => {
    const plan = compile(
      view('orders', order, options, (o) => ({
        ...base(o),
        customer: one(o.customerId, (c) => ({ name: text(orElse(c.name, 'nobody')), note: c.note })),
      })),
    );
    expect(changed(plan)).toEqual([
      'customer.name: is made of customer.name or "nobody", was of customer.name',
    ]);
  });

  it('is additive for a hint that is added or tuned, breaking for one that is taken away', () => {
    const added = compile(
      view('orders', order, options, (o) => ({
        ...base(o),
        status: facet(o.status),
        customer: one(o.customerId, (c) => ({ name: text(c.name, { weight: 3 }), note: c.note })),
      })),
    );
    expect(verdictOf(viewChanges(before, added))).toEqual({
      impact: 'additive',
      needs: ['a rebuild'],
      details: ['status: facet added', 'customer.name: text(weight 3), was text(weight 1)'],
    });
    const removed = compile(
      view('orders', order, options, (o) => ({
        ...base(o),
        customer: one(o.customerId, (c) => ({ name: c.name, note: carry(c.note) })),
      })),
    );
    expect(changed(removed)).toEqual([
      'breaking: customer.name: text removed',
      'breaking: customer.note: carry added',
    ]);
  });

  it('is additive for another default sort, breaking for another filter of the roots, additive for none', () => {
    const sorted = compile(view('orders', order, { ...options, sort: '-placedAt' }, base));
    expect(changed(sorted)).toEqual(['default sort: -placedAt, was placedAt']);
    const other = compile(view('orders', order, { ...options, where: { status: 'confirmed' } }, base));
    expect(changed(other)).toEqual(['breaking: another filter decides which roots have a document']);
    const all = compile(view('orders', order, { sort: 'placedAt' }, base));
    expect(changed(all)).toEqual(['every root has a document: the view has no filter any more']);
  });

  it('is additive for another function or column behind a field', () => {
    const twice = (factor: 2 | 3) =>
      compile(
        view('orders', order, options, (o) => ({
          ...base(o),
          double: compute(int(), [o.total], factor === 2 ? (t) => t * 2 : (t) => t * 3),
        })),
      );
    const [change, ...others] = viewChanges(twice(2), twice(3));
    expect(others).toEqual([]);
    expect(change).toMatchObject({ impact: 'additive', needs: ['a rebuild'] });
    expect(change?.what).toMatch(/^double: is made of compute \w{12}\(order\.total\), was of compute \w{12}/);
    const alias = compile(
      view('orders', order, options, (o) => ({
        ...base(o),
        customer: one(o.customerId, (c) => ({ name: text(c.alias), note: c.note })),
      })),
    );
    expect(changed(alias)).toEqual(['customer.name: is made of customer.alias, was of customer.name']);
  });

  it('names a value that a field may have no more as breaking, one that it gets as additive', () => {
    const plan = compile(
      view('orders', laterOrder, options, (o) => ({
        status: o.status,
        placedAt: o.placedAt,
        total: o.total,
        customer: one(o.customerId, (c) => ({ name: text(c.name), note: c.note })),
        lines: many(o.lines, (l) => ({ sku: l.sku })),
      })),
    );
    expect(changed(plan)).toEqual([
      'breaking: status: filters by confirmed are refused',
      'status: may also be parked',
    ]);
  });

  it('is additive for a join that takes other rows', () => {
    const plan = compile(
      view('orders', order, options, (o) => ({
        ...base(o),
        lines: many(o.lines, { where: { quantity: { gt: 1 } } }, (l) => ({ sku: l.sku })),
      })),
    );
    expect(changed(plan)).toEqual([expect.stringMatching(/^lines: other rows are joined than before/)]);
  });

  it('is breaking when no rule knows what changed', () => {
    const [level, ...levels] = before.levels;
    if (level === undefined) throw new Error('A plan has levels.');
    const plan = { ...before, levels: [{ ...level, columns: ['id'] }, ...levels] };
    expect(changed(plan)).toEqual([
      expect.stringMatching(/^breaking: the plan changed in a way that no rule/),
    ]);
  });
});
