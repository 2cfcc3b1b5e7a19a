import { describe as group, expect, it } from '@jest/globals';
import { compile, describe, id, one, ref, source, string, text, view } from '#views';
import { LockUnreadableError } from './lock-text.js';
import { lockFiles, type Committed, type DeclaredDomain } from './lock-files.js';

const customer = source('customer', { id: id(), name: string(), city: string() });
const order = source('order', { id: id(), customerId: ref(customer), note: string() });

const shop = (name = 'orders', was: string | null = null): DeclaredDomain => ({
  name: 'shop',
  sources: [customer, order].map(describe),
  views: [{ plan: compile(view(name, order, (o) => ({ note: o.note }))), was }],
});
const withCustomer: DeclaredDomain = {
  ...shop(),
  views: [
    {
      plan: compile(
        view('orders', order, (o) => ({
          note: o.note,
          who: one(o.customerId, (c) => ({ name: text(c.name) })),
        })),
      ),
      was: null,
    },
  ],
};

const nothing: Committed = () => null;
/** As if these files had been committed. */
const commit = (domain: DeclaredDomain, before = nothing): Committed => {
  const files = new Map(lockFiles([domain], before).map(({ file, text }) => [file, text]));
  return (_domain, file) => files.get(file) ?? null;
};
const headOf = (domain: DeclaredDomain, committed: Committed, file: string): string => {
  const found = lockFiles([domain], committed).find((one) => one.file === file)?.text ?? '';
  return found.slice(found.indexOf('change:'), found.indexOf('\n\n'));
};

group('lock files', () => {
  it('are one for the sources of a domain and one for each view, and end their lines without blanks', () => {
    const files = lockFiles([shop()], nothing);
    expect(files.map(({ domain, file }) => `${domain}/${file}`)).toEqual([
      'shop/sources.lock',
      'shop/views/orders.lock',
    ]);
    for (const { text: lock } of files) expect(lock).not.toMatch(/[ \t]$/m);
  });

  it('hold plan, fields and index of a view, columns, copies, derived columns and triggers of a source', () => {
    const [sources, orders] = lockFiles([withCustomer], nothing);
    expect(orders?.text).toContain('who.name: string, may be null, text(weight 1) <- customer.name');
    expect(orders?.text).toContain(withCustomer.views[0]?.plan.fingerprint);
    expect(orders?.text).toContain('"index_prefixes"');
    expect(sources?.text).toContain('\nALTER TABLE "copy_order" ADD COLUMN "key_customerId" text');
    expect(sources?.text).toMatch(/^CREATE FUNCTION "public"\."prejoin_mark_\w+"\(\)/m);
    expect(sources?.text).toContain('"customerId": ["orders"]');
  });

  it('stay as committed, head included, when nothing changed', () => {
    const first = commit(shop());
    const second = commit(withCustomer, first);
    expect(lockFiles([withCustomer], second)).toEqual(lockFiles([withCustomer], first));
    expect(lockFiles([withCustomer], commit(withCustomer, second))).toEqual(lockFiles([withCustomer], first));
  });

  it('say at their head what the change did to what was committed', () => {
    expect(headOf(withCustomer, commit(shop()), 'views/orders.lock')).toBe(
      'change: additive\nneeds: a rebuild\n- who.name: field added',
    );
    expect(headOf(shop(), commit(withCustomer), 'views/orders.lock')).toBe(
      'change: breaking\nneeds: a rebuild\n- breaking: who.name: field removed, readers that ask for it get 400',
    );
  });

  it('know a renamed view by the name that it had', () => {
    const head = headOf(shop('purchases', 'orders'), commit(shop()), 'views/purchases.lock');
    expect(head).toMatch(
      /^change: breaking\nneeds: nothing\n- breaking: renamed from orders: .*drop-view orders$/,
    );
  });

  it('that were broken by hand are named with a remedy', () => {
    const committed: Committed = (_domain, file) => (file === 'sources.lock' ? '== source order\n{' : null);
    expect(() => lockFiles([shop()], committed)).toThrow(LockUnreadableError);
    expect(() => lockFiles([shop()], committed)).toThrow(/sources\.lock can not be read/);
  });
});
