import { randomFillSync } from 'node:crypto';

/** Drawn for many at once: each request takes some, and each draw is a call into the runtime's own code. */
const pool = Buffer.alloc(4_096);
let used = pool.length;

/** So many random bytes, as hexadecimal digits. */
export function randomHex(bytes: number): string {
  if (used + bytes > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += bytes;
  return pool.toString('hex', used - bytes, used);
}
