/** What building reports; the app turns it into its metrics. */
export interface BuildMetrics {
  /** Documents assembled, and what became of their writes, one count per generation's write. */
  readonly documents: (
    view: string,
    result: 'built' | 'indexed' | 'superseded' | 'retried' | 'refused',
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
