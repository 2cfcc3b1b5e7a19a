import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { itemSpans, memberSpans, slice } from './raw-json.js';

describe('Spans in JSON text', () => {
  test('are those of the members, whatever they hold and however it is spaced', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue()),
        fc.constantFrom(undefined, 1, '\t'),
        (value, space) => {
          const text = JSON.stringify(value, null, space);
          const members = memberSpans(text, 0);
          expect([...members.keys()].sort()).toEqual(Object.keys(value).sort());
          for (const span of members.values()) expect(slice(text, span)).toBe(slice(text, span).trim());
          const read = Object.fromEntries(
            [...members].map(([name, span]) => [name, JSON.parse(slice(text, span)) as unknown]),
          );
          expect(read).toEqual(JSON.parse(text));
        },
      ),
    );
  });

  test('are those of the items', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), (value) => {
        const text = JSON.stringify(value);
        expect(itemSpans(text, 0).map((span) => JSON.parse(slice(text, span)) as unknown)).toEqual(
          JSON.parse(text),
        );
      }),
    );
  });

  test('keep digits that a number can not hold, and keys that an object would move', () => {
    const text = '{"a":{"2":12345678901234567890,"1":1.0},"b":"}\\"]"}';
    const members = memberSpans(text, 0);
    expect([...members.values()].map((span) => slice(text, span))).toEqual([
      '{"2":12345678901234567890,"1":1.0}',
      '"}\\"]"',
    ]);
  });

  test('text that ends too early is a fault and no endless loop', () => {
    for (const text of ['', '{', '{"a"', '{"a":', '{"a":"x', '{"a":[1', '[', 'null', '{"a":1'])
      expect(() => memberSpans(text, 0)).toThrow(SyntaxError);
  });
});
