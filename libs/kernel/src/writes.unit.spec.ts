import { describe, expect, it } from '@jest/globals';
import { formatWrites, MOST_WRITES, parseWrites, type Write } from './writes.js';

const write = (source: string, id: string, version: number, epoch = 0): Write => ({
  source,
  id,
  epoch,
  version,
});

describe('writes in a header', () => {
  it('have an epoch only where it is above the first', () => {
    expect(formatWrites([write('order', '018f', 7), write('customer', 'x', 3, 2)])).toBe(
      'order/018f@7, customer/x@2.3',
    );
  });

  it.each(['018f-a.b_c~', 'a/b', 'a,b', 'a@b', 'a@7', 'ü €', 'a%2Fb', ' ', '"'])(
    'come back as they were, with the id %j',
    (id) => {
      const writes = [write('order', id, 7), write('my source', id, Number.MAX_SAFE_INTEGER, 3)];
      const text = formatWrites(writes);
      expect(text).toMatch(/^[\x21-\x7e ]+$/);
      expect(parseWrites(text)).toEqual({ writes });
    },
  );

  it('are read with or without spaces, and with the newest version of each aggregate', () => {
    expect(parseWrites('order/a@2,order/a@3 , order/a@1,order/b@1')).toEqual({
      writes: [write('order', 'a', 3), write('order', 'b', 1)],
    });
    expect(parseWrites('order/a@1.2, order/a@9')).toEqual({ writes: [write('order', 'a', 2, 1)] });
  });

  it.each([
    '',
    'order/a',
    'order@7',
    'order/a@',
    'order/a@x',
    'order/a@-1',
    'order/a@1.2.3',
    '/a@1',
    'order/@1',
    'order/a@1,',
    'order/a@1 order/b@1',
    'order/a/b@1',
    'order/%@1',
    'order/%00@1',
    'order/%ff@1',
    'order/a@9999999999999999',
    `order/${'a'.repeat(129)}@1`,
  ])('are refused as %j', (text) => {
    expect(parseWrites(text)).toEqual({ fault: expect.stringContaining('is a list of writes') });
  });

  it('are so many at most, aggregates counted once', () => {
    const many = Array.from({ length: MOST_WRITES }, (_, at) => write('order', `o${at}`, 1));
    expect(parseWrites(formatWrites([...many, write('order', 'o1', 2)]))).toMatchObject({
      writes: { length: MOST_WRITES },
    });
    expect(parseWrites(formatWrites([...many, write('order', 'one more', 2)]))).toEqual({
      fault: 'has 21 writes; 20 are the most',
    });
  });
});
