/** What the write half reports. The cores know no metrics library: apps/projector connects this to one. */
export interface ProjectionMetrics {
  /** Events by what became of them. `conflicting`: a version that is there already came with other data. */
  applied(source: string, outcome: ApplyOutcome, count: number): void;
  deadLettered(kind: DeadLetterKind, count: number): void;
  /** Values that the source's `oneOf` does not declare: indexed, but worth a look. */
  unknownEnumValues(source: string, count: number): void;
  /** A transaction that was repeated, by SQLSTATE. */
  retried(code: string): void;
  /** Fan-out rows that were looked up, the marks that they gave, and rows put back after a fault. */
  fannedOut(rows: number, marks: number, failed: number): void;
}

export type ApplyOutcome = 'applied' | 'superseded' | 'duplicate' | 'conflicting';
export type DeadLetterKind = 'envelope' | 'constraint' | 'document';

export const noMetrics: ProjectionMetrics = {
  applied: () => undefined,
  deadLettered: () => undefined,
  unknownEnumValues: () => undefined,
  retried: () => undefined,
  fannedOut: () => undefined,
};
