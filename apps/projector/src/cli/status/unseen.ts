import { messageOf } from '#kernel';

export interface UnseenPart {
  readonly part: string;
  readonly reason: string;
  /** Nobody meant it to be seen: it is not configured here. */
  readonly expected: boolean;
}

/** Collects what could not be looked at: the rest is shown all the same, and nobody takes the gap for good news. */
export class Unseen {
  readonly #parts = new Map<string, UnseenPart>();

  /** What `ask` answers, or null with the reason kept; of one part only the first reason. */
  async see<T>(part: string, ask: () => Promise<T>): Promise<T | null> {
    try {
      return await ask();
    } catch (error) {
      this.add(part, messageOf(error));
      return null;
    }
  }

  add(part: string, reason: string, expected = false): void {
    if (!this.#parts.has(part)) this.#parts.set(part, { part, reason, expected });
  }

  /** By name, those that nobody meant to be seen last. */
  get parts(): readonly UnseenPart[] {
    return [...this.#parts.values()].sort(
      (a, b) => Number(a.expected) - Number(b.expected) || a.part.localeCompare(b.part, 'en'),
    );
  }
}
