import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { assertReachable, barrierOnTheWayTo } from './system-users.js';

test('a folder below one that is closed to others is refused in words, for another user only', () => {
  const closed = mkdtempSync(join(tmpdir(), 'prejoin-closed-'));
  const inside = join(closed, 'open');
  try {
    mkdirSync(inside, { mode: 0o755 });
    expect(barrierOnTheWayTo(inside)).toBe(closed);
    const other = { name: 'postgres', uid: 70, gid: 70 };
    expect(() => assertReachable(inside, other)).toThrow(
      `the user postgres, who may not enter ${closed}: set PREJOIN_CACHE_DIR`,
    );
    expect(() => assertReachable(inside, undefined)).not.toThrow();

    chmodSync(closed, 0o755);
    expect(barrierOnTheWayTo(inside)).toBeUndefined();
  } finally {
    rmSync(closed, { recursive: true });
  }
});
