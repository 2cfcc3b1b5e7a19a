import {
  array,
  contractOf,
  decimal,
  geo,
  id,
  instant,
  int,
  list,
  money,
  nullable,
  oneOf,
  ref,
  source,
  string,
  was,
  withDefault,
} from '../index.js';

const shop = source('shop', { id: id() });
const item = source('item', {
  id: id(),
  shopId: ref(shop),
  state: oneOf('new', 'old'),
  price: money('EUR'),
  weight: decimal(),
  at: geo(),
  soldAt: nullable(instant()),
  tags: array(string()),
  parts: list({ kind: oneOf('a', 'b'), count: int() }),
  title: was(string(), 'name'),
  stars: withDefault(int(), 3),
});
const contract = contractOf(item);
const good = {
  id: 'i1',
  shopId: 's1',
  state: 'new',
  price: 100,
  weight: 1.5,
  at: { lat: 52, lon: 4 },
  soldAt: null,
  tags: ['x'],
  parts: [{ kind: 'a', count: 1 }],
  title: 'Lamp',
  stars: 5,
};

describe('the contract of a source, when publishing', () => {
  it('accepts what is declared', () => {
    expect(contract.faults(good)).toEqual([]);
  });

  it.each([
    ['a missing column', { ...good, price: undefined }, "'price' is missing."],
    ['a column that is not declared', { ...good, colour: 'red' }, "'colour' is not declared by the source."],
    ['money that is no whole number', { ...good, price: 1.5 }, "'price' must be integer."],
    ['a value that oneOf does not list', { ...good, state: 'lost' }, "'state' must be one of new, old."],
    ['null where it is not nullable', { ...good, title: null }, "'title' must be string."],
    ['an id that begins with _', { ...good, shopId: '_x' }, '\'shopId\' must not begin with "_".'],
    ['an id of more than 128 bytes', { ...good, id: 'é'.repeat(65) }, "'id' must have at most 128 bytes."],
    ['an empty id', { ...good, id: '' }, "'id' must NOT have fewer than 1 characters."],
    [
      'a day that is no instant',
      { ...good, soldAt: '2026-01-01' },
      '\'soldAt\' must match format "date-time".',
    ],
    [
      'a fault in an item',
      { ...good, parts: [{ kind: 'a', count: 'x' }] },
      "'parts.0.count' must be integer.",
    ],
    [
      'an unknown column in an item',
      { ...good, parts: [{ kind: 'a', count: 1, x: 1 }] },
      "'parts.0.x' is not declared by the source.",
    ],
    ['a place off the globe', { ...good, at: { lat: 91, lon: 0 } }, "'at.lat' must be <= 90."],
    ['the old name of a column', { ...good, title: undefined, name: 'Lamp' }, "'title' is missing."],
    ['no object at all', 'text', 'The state must be object.'],
  ])('refuses %s', (_what, state, sentence) => {
    expect(contract.faults(state)).toContain(sentence);
  });

  it('tells all faults at once, but not a thousand', () => {
    expect(contract.faults({ ...good, price: 'x', weight: 'y' })).toHaveLength(2);
    const parts = Array.from({ length: 1000 }, () => ({ kind: 'a', count: 'x' }));
    const faults = contract.faults({ ...good, parts });
    expect(faults).toHaveLength(21);
    expect(faults.at(-1)).toBe('There are 980 more faults.');
  });
});

describe('the contract of a source, when receiving', () => {
  it('accepts columns that are not known here', () => {
    expect(contract.received({ ...good, colour: 'red' })).toEqual({ faults: [], openValues: [] });
  });

  it('accepts values that oneOf does not list, and names them', () => {
    const state = {
      ...good,
      state: 'lost',
      parts: [
        { kind: 'z', count: 1 },
        { kind: 'z', count: 2 },
      ],
    };
    expect(contract.received(state)).toEqual({
      faults: [],
      openValues: ["state: 'lost'", "parts.kind: 'z'"],
    });
  });

  it('accepts an older state without the columns that came later, and by the old name of a renamed one', () => {
    const { id, shopId, state, price, weight, at } = good;
    expect(contract.received({ id, shopId, state, price, weight, at, name: 'Lamp' }).faults).toEqual([]);
  });

  it.each([
    ['a wrong type', { ...good, price: '100' }, "'price' must be integer."],
    ['a wrong type under the old name', { ...good, title: undefined, name: 7 }, "'name' must be string."],
    ['a column that was always there and is missing', { ...good, price: undefined }, "'price' is missing."],
    ['a renamed column under neither name', { ...good, title: undefined }, "'title' is missing."],
    ['a bad id', { ...good, shopId: '_x' }, '\'shopId\' must not begin with "_".'],
  ])('refuses %s', (_what, state, sentence) => {
    expect(contract.received(state).faults).toContain(sentence);
  });
});
