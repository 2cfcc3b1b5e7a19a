/** The state of one aggregate, ready to become its copy. */
export interface Change {
  readonly source: string;
  readonly id: string;
  readonly epoch: number;
  readonly version: number;
  readonly deleted: boolean;
  /** RFC 3339. */
  readonly occurredAt: string;
  readonly eventId: string;
  /** The W3C trace context of the request that caused it: log lines name its trace. */
  readonly traceparent: string | null;
  /** The state as JSON text; null when deleted. */
  readonly data: string | null;
}

/** Below 0 when `a` is older than `b`. */
export function compareVersions(a: Change, b: Change): number {
  return a.epoch - b.epoch || a.version - b.version;
}
