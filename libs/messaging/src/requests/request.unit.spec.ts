import { describe, expect, it } from '@jest/globals';
import { newId } from '#kernel';
import { replyQueue } from '../topology.js';
import { decodeAnswer, encodeAnswer } from './answer.js';
import { decodeRequest, encodeRequest, maxCopiesAsked, type ServiceRequest } from './request.js';

const base = { id: newId(), source: 'order', replyTo: replyQueue('shop', newId()) };
const resync: ServiceRequest = { kind: 'resync', ...base, raiseEpochAbove: 3 };
const copy = { id: 'SKU-00 17/ä', epoch: 0, version: 4 };
const gone: ServiceRequest = { kind: 'whichAreGone', ...base, aggregates: [copy] };

const body = (change: object): Buffer => Buffer.from(JSON.stringify({ v: 1, ...resync, ...change }));

describe('a request', () => {
  it.each([resync, { ...resync, raiseEpochAbove: null }, gone])(
    'is read as it was written: %o',
    (request) => {
      expect(decodeRequest(encodeRequest(request), 'shop')).toEqual({ request });
    },
  );

  it.each<[string, object, RegExp]>([
    ['another version', { v: 2 }, /"v"/],
    ['an id that is no UUID', { id: '7' }, /"id"/],
    ['no source', { source: '' }, /"source"/],
    ['an unknown kind', { kind: 'forget' }, /"kind"/],
    ['an epoch that is no number', { raiseEpochAbove: '1' }, /raiseEpochAbove/],
    ['copies without a version', { ...gone, aggregates: [{ id: 'a', epoch: 0 }] }, /aggregates/],
    ['too many copies', { ...gone, aggregates: Array(maxCopiesAsked + 1).fill(copy) }, /aggregates/],
  ])('with %s is refused, in words and to the one who asked', (_what, change, words) => {
    expect(decodeRequest(body(change), 'shop')).toEqual({
      fault: expect.stringMatching(words),
      replyTo: base.replyTo,
    });
  });

  it.each<[string, Buffer]>([
    ['that is no JSON', Buffer.from('resync!')],
    ['that is no object', Buffer.from('[]')],
    ['with a reply queue of another installation', body({ replyTo: replyQueue('other', newId()) })],
    ['with a reply queue that is none', body({ replyTo: 'shop.projector' })],
  ])('%s is refused, and nobody is answered', (_what, text) => {
    expect(decodeRequest(text, 'shop')).toEqual({ fault: expect.any(String), replyTo: null });
  });
});

describe('an answer', () => {
  it('is read as it was written, and one of a later version is passed over', () => {
    const answer = { kind: 'refused', source: 'order', reason: 'because', remedy: null } as const;
    expect(decodeAnswer(encodeAnswer(answer))).toMatchObject(answer);
    expect(decodeAnswer(Buffer.from('{"v":2,"kind":"refused"}'))).toBeNull();
    expect(decodeAnswer(Buffer.from('{"v":1,"kind":"perhaps"}'))).toBeNull();
    expect(decodeAnswer(Buffer.from('nonsense'))).toBeNull();
  });
});
