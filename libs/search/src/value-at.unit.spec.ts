import { describe, expect, test } from '@jest/globals';
import { valueAt } from './value-at.js';

describe('valueAt', () => {
  const source =
    '{"id":"o1","tenantId":"b","lines":[{"tenantId":"c"}],"owner":{"id":7,"team":"a\\u0022b","none":null}}';

  test.each([
    [['tenantId'], 'b'],
    [['owner', 'team'], 'a"b'],
    [['owner', 'id'], 7],
    [['owner', 'none'], null],
  ])('reads the value at %j', (path, value) => {
    expect(valueAt(source, path)).toBe(value);
  });

  test.each([[['team']], [['owner', 'tenantId']], [['lines', 'tenantId']], [['id', 'length']]])(
    'finds nothing at %j',
    (path) => {
      expect(valueAt(source, path)).toBeUndefined();
    },
  );

  test('is not misled by texts that look like members, or by space', () => {
    const misleading = '{ "note" : "\\"tenantId\\":\\"a\\"," , "tenantId" : "b" }';
    expect(valueAt(misleading, ['tenantId'])).toBe('b');
  });

  test('takes the last of equal names, as JSON.parse does', () => {
    expect(valueAt('{"tenantId":"a","tenantId":"b"}', ['tenantId'])).toBe('b');
  });
});
