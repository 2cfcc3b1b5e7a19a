import type { Plan } from '#views';
import type { FanOutKeyRow, Mark } from './queues.js';
import type { State } from '../services.js';

/** A copy; its state is null when its aggregate is deleted. */
export interface Copy {
  readonly id: string;
  readonly version: number;
  readonly state: State | null;
}

export interface Generation {
  readonly view: string;
  readonly index: string;
  readonly plan: Plan;
}

/** Everything that is committed. Rows are never changed in place, so copying the maps is a snapshot. */
export interface Tables {
  readonly copies: ReadonlyMap<string, Map<string, Copy>>;
  readonly marks: Map<number, Mark>;
  readonly fanOut: Map<number, FanOutKeyRow>;
  readonly generations: Generation[];
}

/** Copies and generations as one snapshot holds them, with the revision that it gives to what is read from it. */
export interface Snapshot extends Pick<Tables, 'copies' | 'generations'> {
  readonly revision: number;
}

/**
 * What the engine relies on of PostgreSQL: a transaction becomes visible all at once when it commits, rows that it
 * changes or claims are locked until it ends, a snapshot sees what had committed before it, and the revision of a
 * snapshot is the number of transactions that had ended.
 *
 * Transaction ids are given out at the first write. A crash keeps what has committed, and forgets ids above the last one
 * that reached the disk, which a commit does: ids of transactions that were rolled back are given out again.
 */
export class Database {
  readonly tables: Tables;
  #nextId = 1;
  #durableId = 0;
  #nextSeq = 1;
  readonly #open = new Set<Transaction>();

  constructor(sources: readonly string[]) {
    this.tables = {
      copies: new Map(sources.map((source) => [source, new Map<string, Copy>()])),
      marks: new Map(),
      fanOut: new Map(),
      generations: [],
    };
  }

  begin(): Transaction {
    const transaction = new Transaction(this);
    this.#open.add(transaction);
    return transaction;
  }

  snapshot(): Snapshot {
    const { copies, generations } = this.tables;
    return {
      copies: new Map([...copies].map(([source, rows]) => [source, new Map(rows)])),
      generations: [...generations],
      revision: this.revision(),
    };
  }

  revision(): number {
    return this.#nextId - [...this.#open].filter(({ id }) => id !== null).length;
  }

  /** What a small message in the log, committed with a flush, does. */
  makeDurable(): void {
    const message = this.begin();
    message.write(() => undefined);
    message.commit();
  }

  /** Open transactions are gone, and with them the ids that never reached the disk. */
  crash(): void {
    for (const transaction of [...this.#open]) transaction.rollback();
    this.#nextId = this.#durableId + 1;
  }

  /** Whether a transaction that is open has changed a copy: what a lock of the whole table waits for. */
  hasOpenWriters(): boolean {
    return [...this.#open].some((transaction) => transaction.hasChangedCopies);
  }

  isLocked(key: string, by: Transaction | null = null): boolean {
    return [...this.#open].some((other) => other !== by && other.locks.has(key));
  }

  nextSeq(): number {
    return this.#nextSeq++;
  }

  giveId(): number {
    return this.#nextId++;
  }

  end(transaction: Transaction, committed: boolean): void {
    this.#open.delete(transaction);
    if (committed && transaction.id !== null) this.#durableId = Math.max(this.#durableId, transaction.id);
  }
}

/** One open transaction: its writes are kept apart until it commits. */
export class Transaction {
  id: number | null = null;
  readonly locks = new Set<string>();
  hasChangedCopies = false;
  readonly #writes: ((tables: Tables) => void)[] = [];
  readonly #copies = new Map<string, Copy>();
  #ended = false;

  constructor(private readonly database: Database) {}

  get ended(): boolean {
    return this.#ended;
  }

  /** False while another transaction holds the row. */
  lock(key: string): boolean {
    if (this.database.isLocked(key, this)) return false;
    this.locks.add(key);
    return true;
  }

  write(write: (tables: Tables) => void): void {
    this.id ??= this.database.giveId();
    this.#writes.push(write);
  }

  replaceCopy(source: string, copy: Copy): void {
    this.hasChangedCopies = true;
    this.#copies.set(`${source} ${copy.id}`, copy);
    this.write(({ copies }) => copies.get(source)?.set(copy.id, copy));
  }

  removeCopy(source: string, id: string): void {
    this.hasChangedCopies = true;
    this.write(({ copies }) => copies.get(source)?.delete(id));
  }

  addMark(mark: Mark): void {
    const seq = this.database.nextSeq();
    this.write(({ marks }) => marks.set(seq, mark));
  }

  addKey(row: FanOutKeyRow): void {
    const seq = this.database.nextSeq();
    this.write(({ fanOut }) => fanOut.set(seq, row));
  }

  /** What a statement in this transaction sees of the copies: what has committed by now, and its own. */
  copies(): Tables['copies'] {
    const seen = new Map([...this.database.tables.copies].map(([source, rows]) => [source, new Map(rows)]));
    for (const [key, copy] of this.#copies) seen.get(key.slice(0, key.indexOf(' ')))?.set(copy.id, copy);
    return seen;
  }

  /** Deletes up to `limit` rows that nobody else holds, and gives them: FOR UPDATE SKIP LOCKED. */
  claim<R>(table: 'marks' | 'fanOut', rows: ReadonlyMap<number, R>, limit: number): readonly R[] {
    const claimed: R[] = [];
    for (const [seq, row] of rows) {
      if (claimed.length === limit) break;
      if (!this.lock(`${table} ${seq}`)) continue;
      this.write((tables) => tables[table].delete(seq));
      claimed.push(row);
    }
    return claimed;
  }

  commit(): void {
    if (this.#ended) return;
    for (const write of this.#writes) write(this.database.tables);
    this.#end(true);
  }

  rollback(): void {
    if (!this.#ended) this.#end(false);
  }

  #end(committed: boolean): void {
    this.#ended = true;
    this.database.end(this, committed);
  }
}
