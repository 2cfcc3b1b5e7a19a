/** What a command left an aggregate at: the version, and the event that gave it, if the command appended one. */
export interface Written {
  readonly eventId?: string;
  readonly source: string;
  readonly id: string;
  /** Of the source when the event was appended. */
  readonly epoch?: number;
  readonly version: number;
}

/** An aggregate as the API shows it. */
export interface Resource {
  readonly id: string;
  readonly version: number;
}

/** The state that an event carries: the resource without the version, which stands beside it. */
export function stateOf<R extends Resource>({ version: _, ...state }: R): Omit<R, 'version'> {
  return state;
}

/** What a command did: the resource as it is now (null when it is gone), and every version that it stands at. */
export interface Outcome<R extends Resource | null> {
  readonly resource: R;
  readonly written: readonly Written[];
}
