/** What has to happen before a change is in effect. In the order in which it is done. */
const everyNeed = ['new columns with backfill', 'a resync', 'a rebuild'] as const;
export type Need = (typeof everyNeed)[number];

/** One thing that changed, for a reviewer. */
export interface LockChange {
  /** `breaking`: something that worked stops working: a reader's query, or an event that was read. */
  readonly impact: 'additive' | 'breaking';
  readonly needs: readonly Need[];
  readonly what: string;
}

/** What a change did as a whole, as it stands at the head of a lock. */
export interface Verdict {
  readonly impact: 'none' | LockChange['impact'];
  readonly needs: readonly Need[];
  readonly details: readonly string[];
}

export function additive(what: string, ...needs: readonly Need[]): LockChange {
  return { impact: 'additive', needs, what };
}

export function breaking(what: string, ...needs: readonly Need[]): LockChange {
  return { impact: 'breaking', needs, what };
}

export function verdictOf(changes: readonly LockChange[]): Verdict {
  const breaks = changes.some(({ impact }) => impact === 'breaking');
  return {
    impact: breaks ? 'breaking' : changes.length === 0 ? 'none' : 'additive',
    needs: everyNeed.filter((need) => changes.some(({ needs }) => needs.includes(need))),
    details: changes.map(({ impact, what }) =>
      breaks && impact === 'breaking' ? `breaking: ${what}` : what,
    ),
  };
}
