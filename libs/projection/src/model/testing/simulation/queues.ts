import type { TriggerRoute } from '../../../marks/trigger-routes.js';

export interface Mark {
  readonly view: string;
  readonly root: string;
}

/** A changed key that waits for its look-up; `cursor` is the last root that was marked. */
export interface FanOutKeyRow {
  readonly route: TriggerRoute;
  readonly key: string;
  readonly cursor: string;
}
