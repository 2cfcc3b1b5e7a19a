import { WritesMalformedError } from './errors.js';
import { Writes } from './writes.js';

describe('the writes that reads have to contain', () => {
  let now = 0;
  const writes = (limits = { most: 3, maxAgeMs: 1_000 }): Writes => new Writes(() => now, limits);
  beforeEach(() => {
    now = 0;
  });

  it('are kept for each view until an answer of it contained them', () => {
    const mine = writes();
    mine.note('order/a@1, customer/x@3');
    expect(mine.pendingFor('orders', 'search')).toEqual(['order/a@1', 'customer/x@3']);
    mine.included('orders', 'search', ['order/a@1']);
    expect(mine.pendingFor('orders', 'search')).toEqual(['customer/x@3']);
    expect(mine.pendingFor('customers', 'search')).toEqual(['order/a@1', 'customer/x@3']);
  });

  it('are known of the reads that the answer speaks for: not of others by one of a document, nor of searches by ids', () => {
    const mine = writes();
    const pending = () =>
      (['id', 'ids', 'search'] as const).map((by) => mine.pendingFor('orders', by).length);
    mine.note('order/a@1');
    mine.included('orders', 'id', ['order/a@1']);
    expect(pending()).toEqual([1, 1, 1]);
    mine.included('orders', 'ids', ['order/a@1']);
    expect(pending()).toEqual([0, 0, 1]);
    mine.included('orders', 'search', ['order/a@1']);
    mine.included('orders', 'ids', ['order/a@1']);
    expect(pending()).toEqual([0, 0, 0]);
  });

  it('are the latest of each aggregate, whatever the order in which they are told', () => {
    const mine = writes();
    mine.note('order/a@2,order/a@10');
    mine.note('order/a@9');
    expect(mine.pendingFor('orders', 'search')).toEqual(['order/a@10']);
    // A source that was restored begins again with lower versions, under a higher epoch.
    mine.note('order/a@1.3');
    mine.note('order/a@11');
    expect(mine.pendingFor('orders', 'search')).toEqual(['order/a@1.3']);
  });

  it('stay known as contained when they are told again, and not when a later one is', () => {
    const mine = writes();
    mine.note('order/a@1');
    mine.included('orders', 'search', ['order/a@1']);
    mine.note('order/a@1');
    expect(mine.pendingFor('orders', 'search')).toEqual([]);
    mine.note('order/a@2');
    // The answer to a read that was sent before.
    mine.included('orders', 'search', ['order/a@1']);
    expect(mine.pendingFor('orders', 'search')).toEqual(['order/a@2']);
  });

  it('are bounded in number and age: the oldest go first', () => {
    const mine = writes();
    mine.note('order/a@1,order/b@1,order/c@1');
    mine.note('order/a@2,order/d@1');
    expect(mine.pendingFor('orders', 'search')).toEqual(['order/c@1', 'order/a@2', 'order/d@1']);
    now = 1_001;
    mine.note('order/e@1');
    expect(mine.pendingFor('orders', 'search')).toEqual(['order/e@1']);
  });

  it.each([
    '',
    'order',
    'order/a',
    'order/a@',
    'order/a@x',
    'order/a@1;',
    'order/a@1,',
    '/a@1',
    'order/a b@1',
  ])('are refused as a whole when one is malformed: %j', (text) => {
    const mine = writes();
    expect(() => mine.note(`order/b@1,${text}`)).toThrow(WritesMalformedError);
    expect(mine.pendingFor('orders', 'search')).toEqual([]);
  });
});
