import { bodyOf, queryStringOf } from './encode.js';

const where = {
  status: ['a', 'b'],
  total: { gte: 1, lt: undefined },
  paidAt: null,
  tier: undefined,
  net: { gte: undefined },
  skus: [],
  not: { paidAt: null },
  or: [{ paidAt: null, total: undefined }, {}],
};
const filter = {
  status: ['a', 'b'],
  total: { gte: 1 },
  paidAt: { exists: false },
  skus: [],
  not: { paidAt: { exists: false } },
  or: [{ paidAt: { exists: false } }, {}],
};

describe('a query', () => {
  it('is a body with its filter as the server reads it: null is no value, and undefined asks nothing', () => {
    expect(JSON.parse(JSON.stringify(bodyOf({ where, q: 'x', sort: '-total', limit: 0 })))).toEqual({
      where: filter,
      q: 'x',
      sort: ['-total'],
      limit: 0,
    });
    expect(JSON.stringify(bodyOf({ where: undefined, sort: undefined }))).toBe('{}');
  });

  it('is a query string, with lists joined and empty ones left out', () => {
    const query = queryStringOf({
      where,
      sort: ['-total', 'id'],
      in: [],
      q: 'a & b',
      limit: undefined,
      page: 2,
    });
    expect([...query.keys()].sort()).toEqual(['page', 'q', 'sort', 'where']);
    expect(JSON.parse(query.get('where') ?? '')).toEqual(filter);
    expect(query.toString()).toContain('sort=-total%2Cid&q=a+%26+b');
    expect(queryStringOf({ where: { status: undefined } }).size).toBe(0);
  });

  it('keeps a condition that was written empty, for the server to refuse', () => {
    expect(bodyOf({ where: { status: {} } })).toEqual({ where: { status: {} } });
  });
});
