import { describe, expect, it } from '@jest/globals';
import { HeavyViews } from './heavy-views.js';

describe('heavy views', () => {
  it('are those of which a few roots took long to read', () => {
    const views = new HeavyViews();
    views.note('product-demand', 1, 900);
    views.note('order-search', 1, 40);
    views.note('customer-overview', 2_000, 1_800);
    views.note('nothing', 0, 5_000);
    expect(views.names).toEqual(['product-demand']);
  });

  it('are light again when their roots are, and not after one quick claim', () => {
    const views = new HeavyViews();
    views.note('v', 2, 600);
    views.note('v', 1, 2);
    expect(views.names).toEqual(['v']);
    for (let claims = 0; claims < 20; claims++) views.note('v', 10, 10);
    expect(views.names).toEqual([]);
  });
});
