/** One step of the projection database's own tables; run once, and never edited after it was released. */
export interface Migration {
  readonly name: string;
  readonly sql: string;
}
