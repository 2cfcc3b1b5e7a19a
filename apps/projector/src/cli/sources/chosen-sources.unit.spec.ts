import { describe, expect, it } from '@jest/globals';
import { UsageError } from '../usage-error.js';
import { sourcesOf } from './chosen-sources.js';
import { ownedSources } from './owned-sources.js';

describe('--sources', () => {
  it('names the sources, or means all, or is not there', () => {
    expect(sourcesOf(undefined, { sources: ['order'] })).toEqual(['order']);
    expect(sourcesOf(undefined, { sources: true, contents: true })).toEqual([]);
    expect(sourcesOf('order-search', {})).toBeNull();
    expect(ownedSources(['order', 'order'])).toEqual([{ name: 'order', owner: 'orders' }]);
    expect(ownedSources([]).map(({ name }) => name)).toContain('customer');
  });

  it('is refused beside a view, --contents without it, and names of no source', () => {
    expect(() => sourcesOf('order-search', { sources: true })).toThrow(UsageError);
    expect(() => sourcesOf('order-search', { contents: true })).toThrow(UsageError);
    expect(() => ownedSources(['nothing'])).toThrow(UsageError);
  });
});
