import { describe, expect, it } from '@jest/globals';
import { diskStages } from './watermarks.js';

const GB = 1024 ** 3;

function stageOf(settings: Readonly<Record<string, string>>, total: number, available: number): string {
  return diskStages((name) => settings[name.replace('cluster.routing.allocation.disk.watermark.', '')])({
    total: total * GB,
    available: available * GB,
  });
}

describe('the watermark that a disk has reached', () => {
  const defaults = {
    low: '85%',
    'low.max_headroom': '200GB',
    high: '90%',
    'high.max_headroom': '150GB',
    flood_stage: '95%',
    'flood_stage.max_headroom': '100GB',
  };

  it.each([
    [100, 16, 'below'],
    [100, 14, 'low'],
    [100, 9, 'high'],
    [100, 4, 'flood_stage'],
    // 85 % of a large disk would keep 1.5 TB free; 200 GB are enough.
    [10_000, 250, 'below'],
    [10_000, 190, 'low'],
    [10_000, 90, 'flood_stage'],
  ])('is by share and headroom: %d GB with %d GB free', (total, available, stage) => {
    expect(stageOf(defaults, total, available)).toBe(stage);
  });

  it('is by free bytes or by a ratio where the settings say so, and none where they say nothing', () => {
    expect(stageOf({ low: '50gb', high: '20gb', flood_stage: '5gb' }, 1_000, 30)).toBe('low');
    expect(stageOf({ low: '0.85', high: '0.9', flood_stage: '0.95' }, 100, 4)).toBe('flood_stage');
    expect(stageOf({ low: '85%', 'low.max_headroom': '-1' }, 10_000, 1_000)).toBe('low');
    expect(stageOf({}, 100, 0)).toBe('below');
  });
});
