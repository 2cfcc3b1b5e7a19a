import { describe, expect, test } from '@jest/globals';
import { QueryInvalidError } from '../faults.js';
import { askedAfter } from './asked-after.js';

const after = 'order/018f@7, customer/x@3';

describe('The headers of a read that should contain writes', () => {
  test('without Prejoin-After nothing is waited for', () => {
    expect(askedAfter({ after: undefined, prefer: 'wait=5' })).toBeNull();
  });

  test('the wait is two seconds unless the caller prefers another, which the answer confirms', () => {
    const writes = [
      { source: 'order', id: '018f', epoch: 0, version: 7 },
      { source: 'customer', id: 'x', epoch: 0, version: 3 },
    ];
    expect(askedAfter({ after, prefer: undefined })).toEqual({ writes, waitMs: 2_000, appliedWait: null });
    expect(askedAfter({ after, prefer: 'wait=5' })).toEqual({ writes, waitMs: 5_000, appliedWait: 5 });
  });

  test.each([
    ['wait=0', 0],
    ['wait=0.25', 0.25],
    ['Wait = "3"', 3],
    ['respond-async, wait=4', 4],
    ['respond-async; wait=4', 4],
    ['wait=5, wait=6', 5],
    ['wait=60', 10],
    ['wait=999999999', 10],
  ])('%j is a wait of %d seconds', (prefer, appliedWait) => {
    expect(askedAfter({ after, prefer })).toMatchObject({ waitMs: appliedWait * 1_000, appliedWait });
  });

  test.each([
    '',
    'respond-async',
    'wait',
    'wait=',
    'wait=-1',
    'wait=x',
    'await=3',
    'wait=1s',
    'wait=9999999999',
  ])('%j is no preference that is understood', (prefer) => {
    expect(askedAfter({ after, prefer })).toMatchObject({ waitMs: 2_000, appliedWait: null });
  });

  test('what is no list of writes is a fault of the header', () => {
    const fault = { parameter: 'Prejoin-After', code: 'after_invalid' };
    try {
      askedAfter({ after: 'order@7', prefer: undefined });
      throw new Error('it was accepted');
    } catch (error) {
      expect(error).toBeInstanceOf(QueryInvalidError);
      expect((error as QueryInvalidError).faults).toMatchObject([fault]);
      expect((error as QueryInvalidError).message).toMatch(/such as order\/018f@7.*'order@7' is none/);
    }
  });
});
