import {
  compute,
  count,
  deleted,
  id,
  int,
  many,
  one,
  oneOf,
  ref,
  source,
  string,
  view,
  ViewSpec,
  ViewSpecError,
} from '../index.js';

const customer = source('customer', { id: id(), name: string(), city: string() });
const order = source('order', {
  id: id(),
  customerId: ref(customer),
  status: oneOf('open', 'closed'),
  total: int(),
});
const note = source('note', { id: id(), orderId: ref(order), body: string() });
const orders = view('orders', order, { where: { total: { gt: 0 } } }, (o) => ({
  status: o.status,
  customer: one(o.customerId, (c) => ({ name: c.name })),
  notes: many(note.orderId, { limit: 5 }, (n) => n.body),
  count: count(note.orderId),
}));

const ann = { id: 'c1', name: 'Ann', city: 'Utrecht' };
const first = { id: 'o1', customerId: 'c1', status: 'open', total: 5 } as const;
const hello = { id: 'n1', orderId: 'o1', body: 'hello' };
const given = () => ViewSpec.for(orders).given({ customer: [ann], order: [first], note: [hello] });
const document = {
  id: 'o1',
  status: 'open' as const,
  customer: { name: 'Ann' },
  notes: ['hello'],
  count: 1,
};

/** What the steps throw, as text. */
function problemOf(steps: () => unknown): string {
  try {
    steps();
  } catch (thrown) {
    if (thrown instanceof ViewSpecError) return `${thrown.message} | ${thrown.remedy}`;
    throw thrown;
  }
  return 'nothing';
}

describe('a view spec', () => {
  it('compares documents, before and after changes, and says which roots a change marks', () => {
    given()
      .then(document)
      .and('nobody', null)
      .when({ customer: { ...ann, name: 'Anna' } })
      .marks(['o1'])
      .then({ ...document, customer: { name: 'Anna' } })
      .when({ note: deleted('n1') })
      .marks(['o1'])
      .when({ order: { ...first, id: 'o2', status: 'closed' } })
      .marks(['o2'])
      .then('o1', { ...document, customer: { name: 'Anna' }, notes: [], count: 0 })
      .and('o2', { id: 'o2', status: 'closed', customer: { name: 'Anna' }, notes: [], count: 0 })
      .when({ order: { ...first, total: 0 } })
      .then('o1', null);
  });

  it('marks nothing for a change to a column that the view does not use', () => {
    given()
      .when({ customer: { ...ann, city: 'Delft' } })
      .marks([])
      .then(document);
  });

  it('marks the old and the new root of a row that moves', () => {
    ViewSpec.for(orders)
      .given({ order: [first, { ...first, id: 'o2' }], note: [hello] })
      .when({ note: { ...hello, orderId: 'o2' } })
      .marks(['o1', 'o2']);
  });

  it('tells each place where a document differs, and shows all of it', () => {
    const wrong = { ...document, customer: { name: 'Bob' }, notes: ['hello', 'again'] };
    expect(problemOf(() => given().then(wrong))).toBe(
      [
        `The spec of 'orders': the document 'o1' is another:`,
        '  - customer.name: expected "Bob", is "Ann"',
        '  - notes[1]: expected "again", is nothing',
        '  all of it: {"id":"o1","status":"open","customer":{"name":"Ann"},"notes":["hello"],"count":1}' +
          ' | Correct the view, or what is expected.',
      ].join('\n'),
    );
    expect(problemOf(() => given().then('o2', document))).toContain('it: expected {"id":"o1"');
    expect(problemOf(() => given().then('o1', null))).toContain('it: expected null, is {"id":"o1"');
  });

  it('tells a field too many and a field too few', () => {
    const { count: _left, ...less } = document;
    expect(problemOf(() => given().then(less as typeof document))).toContain('count: expected nothing, is 1');
    const more = { ...document, extra: null };
    expect(problemOf(() => given().then(more))).toContain('extra: expected null, is nothing');
  });

  it('tells which roots are marked when others are expected', () => {
    expect(
      problemOf(() =>
        given()
          .when({ note: deleted('n1') })
          .marks(['o2']),
      ),
    ).toContain('the change marks o1; expected: o2.');
    expect(
      problemOf(() =>
        given()
          .when({ customer: { ...ann, city: 'x' } })
          .marks(['o1']),
      ),
    ).toContain('the change marks no root; expected: o1.');
  });

  it('refuses a source that the view does not use', () => {
    expect(problemOf(() => ViewSpec.for(orders).given({ payment: [] }))).toBe(
      "The spec of 'orders': the view uses no source 'payment'. | It uses order, customer, note.",
    );
  });

  it('refuses a state that the source could not publish', () => {
    const state = { id: 'c2', name: 7 };
    expect(problemOf(() => given().when({ customer: state }))).toBe(
      `The spec of 'orders': 'customer' can not publish {"id":"c2","name":7}:\n` +
        `  - 'city' is missing.\n  - 'name' must be string. | Give the whole state, as the source declares it.`,
    );
  });

  it('refuses the same row given twice, and the deletion of a row that is not there', () => {
    expect(problemOf(() => ViewSpec.for(orders).given({ customer: [ann, ann] }))).toContain(
      'customer "c1" is given twice.',
    );
    expect(problemOf(() => given().when({ customer: deleted('c9') }))).toContain(
      "there is no customer 'c9' to delete.",
    );
  });

  it('refuses an expectation without an id', () => {
    expect(problemOf(() => given().then({} as typeof document))).toContain('what is expected has no id: {}.');
  });

  it('tells why a document can not be made', () => {
    const odd = view('odd', customer, (c) => ({
      n: compute(int(), [c.name], (name) => name.length / 2),
    }));
    const steps = () =>
      ViewSpec.for(odd)
        .given({ customer: [ann] })
        .then({ id: 'c1', n: 1 });
    expect(problemOf(steps)).toMatch(/'c1' has no document: The compute function .* gave 1.5/);
  });
});
