/** What building reports; the app turns it into its metrics. */
export interface BuildMetrics {
  /**
   * Documents assembled, and what became of their writes, one count per generation's write. `unchanged`: the index
   * holds the same document already, so it was not sent.
   */
  readonly documents: (
    view: string,
    result: 'built' | 'indexed' | 'unchanged' | 'superseded' | 'retried' | 'refused',
    count: number,
  ) => void;
  /** Seconds from the event that caused a mark to the answer of the index. */
  readonly lag: (view: string, seconds: number) => void;
  /** Something that must not happen in health; each is logged with its reason as well. */
  readonly alarm: (
    alarm: 'revision_ahead' | 'write_refused_by_server' | 'generation_stopped' | 'build_failed',
  ) => void;
}

export const noBuildMetrics: BuildMetrics = { documents: () => {}, lag: () => {}, alarm: () => {} };
