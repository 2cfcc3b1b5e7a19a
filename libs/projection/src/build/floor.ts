import type { Mark } from './claim.js';

const FULL_SWEEP_MS = 2_000;

/**
 * The lowest `seq` worth looking at while a backlog is worked off: the rows below the last full claim are dead or
 * claimed. A transaction that commits late puts rows below it, hence the full look every two seconds.
 */
export class Floor {
  value = '0';
  #sweptAt = -Infinity;

  note(marks: readonly Mark[], limit: number): void {
    const sweep = marks.length < limit || performance.now() - this.#sweptAt >= FULL_SWEEP_MS;
    if (sweep) this.#sweptAt = performance.now();
    this.value = sweep
      ? '0'
      : marks
          .map((mark) => BigInt(mark.seq))
          .reduce((low, seq) => (seq < low ? seq : low))
          .toString();
  }
}
