import { decodeEnvelope, encodeEnvelope } from './envelope-codec.js';
import type { Envelope } from './envelope.js';

const valid: Envelope = {
  id: '0199a3c4-0000-7000-8000-000000000001',
  name: 'OrderPlaced',
  source: 'order',
  aggregateId: 'o-1',
  epoch: 0,
  version: 1,
  deleted: false,
  occurredAt: '2026-01-31T12:00:00.000Z',
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  data: { total: 100, note: 'Größe 🙂' },
};

function faultOf(body: Buffer | string): string {
  const decoded = decodeEnvelope(Buffer.from(body));
  return 'fault' in decoded ? decoded.fault : 'none';
}

function faultWith(change: Record<string, unknown>): string {
  return faultOf(JSON.stringify({ ...valid, ...change }));
}

describe('an envelope', () => {
  it('survives encoding and decoding', () => {
    expect(decodeEnvelope(encodeEnvelope(valid))).toEqual({ envelope: valid });
  });

  it('of a deletion carries null as its data', () => {
    const deleted = { ...valid, deleted: true, data: null };
    expect(decodeEnvelope(encodeEnvelope(deleted))).toEqual({ envelope: deleted });
  });

  it('loses the fields that this version does not know', () => {
    const later = { ...valid, addedLater: 1 };
    expect(decodeEnvelope(encodeEnvelope(later))).toEqual({ envelope: valid });
  });

  it.each([
    ['id', 'no-uuid', 'UUID'],
    ['name', '', '"name"'],
    ['name', 'Order.Placed', '"name"'],
    ['source', 7, '"source"'],
    ['aggregateId', '', 'not empty'],
    ['aggregateId', '_id', 'begin with "_"'],
    ['aggregateId', 'ü'.repeat(65), '128 bytes'],
    ['epoch', -1, '"epoch"'],
    ['version', 0, '"version"'],
    ['version', 1.5, '"version"'],
    ['version', '1', '"version"'],
    ['version', 2 ** 53, '"version"'],
    ['deleted', 'false', '"deleted"'],
    ['occurredAt', '2026-02-30T12:00:00.000Z', '"occurredAt"'],
    ['occurredAt', '2026-01-31T12:00:00.000+01:00', '"occurredAt"'],
    ['occurredAt', '2026-02-29T12:00:00.000Z', '"occurredAt"'],
    ['occurredAt', '2026-01-31T24:00:00.000Z', '"occurredAt"'],
    ['occurredAt', '2026-01-31T23:59:60.000Z', '"occurredAt"'],
    ['traceparent', 'x', 'traceparent'],
    ['traceparent', undefined, 'traceparent'],
    ['data', null, '"data"'],
    ['data', [1], '"data"'],
    ['deleted', true, 'deleted aggregate'],
  ])('with a wrong %s (%j) is a fault that names it', (field, value, words) => {
    expect(faultWith({ [field]: value })).toContain(words);
  });

  it.each(['', 'null', '[]', '"text"', '{', '{}', '1e999', 'undefined', '\uFEFF'])(
    'is not read from %j',
    (body) => {
      expect(faultOf(body)).not.toBe('none');
    },
  );

  it('is not read from bytes that are not UTF-8, rather than with replacement characters', () => {
    const body = encodeEnvelope({ ...valid, aggregateId: 'aaa' });
    body[body.indexOf('aaa')] = 0xff;
    expect(faultOf(body)).toContain('UTF-8');
  });

  it('is not read from a body above the limit', () => {
    const decoded = decodeEnvelope(encodeEnvelope(valid), 10);
    expect(decoded).toEqual({ fault: expect.stringContaining('at most 10') as string });
  });
});

describe('a state that no store can hold is a fault', () => {
  it.each([
    ['NUL', '{"data":{"a":"x\\u0000y"}', 'NUL'],
    ['NUL in a key', '{"data":{"x\\u0000":1}', 'NUL'],
    ['half of a surrogate pair', '{"data":{"a":["\\ud800"]}', 'surrogate'],
    ['a key __proto__', '{"data":{"a":{"__proto__":{"admin":true}}}', '__proto__'],
    ['a key __proto__ in disguise', '{"data":{"\\u005f_proto__":{"admin":true}}', '__proto__'],
  ])('%s', (_what, start, words) => {
    const rest = JSON.stringify({ ...valid, data: undefined }).slice(1);
    expect(faultOf(`${start},${rest}`)).toContain(words);
  });

  it.each([1_000, 100_000])('nesting of %i levels', (depth) => {
    const rest = JSON.stringify({ ...valid, data: undefined }).slice(1);
    expect(faultOf(`{"data":{"a":${'['.repeat(depth)}${']'.repeat(depth)}},${rest}`)).toContain(
      'nested deeper',
    );
  });

  it('but an escape of an ordinary character is none', () => {
    const rest = JSON.stringify({ ...valid, data: undefined }).slice(1);
    expect(decodeEnvelope(Buffer.from(`{"data":{"a":"\\u00e9"},${rest}`))).toEqual({
      envelope: { ...valid, data: { a: 'é' } },
    });
  });
});
