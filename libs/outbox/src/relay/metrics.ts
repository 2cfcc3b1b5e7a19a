/** What a relay counts. Each call adds `messages` to the counter of that name. */
export interface RelayMetrics {
  /** Confirmed by the broker and gone from the outbox. */
  relayed(messages: number): void;
  /** No queue took it; it goes back or to the dead letters. */
  returned(messages: number): void;
  nacked(messages: number): void;
  /** The channel closed or the deadline passed before an outcome: sent again, perhaps a second time. */
  unknown(messages: number): void;
  deadLettered(messages: number): void;
}

export const noMetrics: RelayMetrics = {
  relayed: () => {},
  returned: () => {},
  nacked: () => {},
  unknown: () => {},
  deadLettered: () => {},
};
