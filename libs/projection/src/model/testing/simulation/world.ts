import { compile, routesOf, type Plan } from '#views';
import type { Change } from '../../../apply/change.js';
import { unionOfRoutes, type TriggerRoute } from '../../../marks/trigger-routes.js';
import type { Random } from '../../../testing/random.js';
import { Choices } from '../choices.js';
import { modelSources } from '../domain.js';
import { modelViews } from '../views.js';
import type { Bug } from './bug.js';
import { Database, type Generation, type Transaction } from './database.js';
import { IndexServer, type Bulk, type Write } from './index-server.js';

/** Work that goes on in steps: whatever stands between two `yield`s happens at once, and anything may happen between. */
export type Steps<R = void> = Generator<void, R, void>;

/** A process, or one of its lanes. It dies at a `yield`: its transactions are rolled back and it never goes on. */
export class Task {
  readonly #steps: Steps;
  #stepsUntilStalled: number;
  readonly #transactions: Transaction[] = [];

  constructor(
    readonly kind: 'apply' | 'fan-out' | 'build' | 'rebuild' | 'index server',
    private readonly world: World,
    work: (task: Task) => Steps,
    private readonly options: {
      readonly name: string;
      /** What others do when it dies: a broker delivers again what was not acknowledged. */
      readonly afterDeath: () => void;
    },
  ) {
    this.#steps = work(this);
    const stalls = world.faulty && world.random.chance(0.4);
    // Mostly after the first step: between a statement and its commit, or before a request is worked on.
    this.#stepsUntilStalled = stalls ? Math.floor(world.random.below(16) ** 2 / 32) : Infinity;
  }

  get name(): string {
    return this.options.name;
  }

  get isStalled(): boolean {
    return this.#stepsUntilStalled < 0;
  }

  wake(): void {
    this.#stepsUntilStalled = Infinity;
  }

  goOn(): 'ended' | 'goes on' {
    this.#stepsUntilStalled -= 1;
    return this.#steps.next().done === true ? 'ended' : 'goes on';
  }

  begin(): Transaction {
    const transaction = this.world.database.begin();
    this.#transactions.push(transaction);
    return transaction;
  }

  die(): void {
    for (const transaction of this.#transactions) transaction.rollback();
    this.options.afterDeath();
  }
}

/** Everything that the engine's tasks share: the servers, the broker's queue, and the triggers that stand. */
export class World {
  readonly database = new Database(modelSources.map(({ name }) => name));
  readonly server: IndexServer;
  /** Messages that wait for delivery, in no order that means anything. */
  readonly queue: Change[] = [];
  readonly tasks = new Set<Task>();
  /** A document had a revision that no snapshot can have had: the counter went back. */
  alarms = 0;
  /** Whether items are refused and answers get lost. */
  faulty = true;
  random: Random = new Choices([]);
  #triggers: ReadonlyMap<string, readonly TriggerRoute[]> = new Map();

  constructor(readonly bug: Bug | null) {
    this.server = new IndexServer(bug);
    for (const { name, declared } of modelViews)
      this.register(this.begin(), { view: name, index: `${name}.1`, plan: planOf(declared) });
  }

  begin(): Transaction {
    return this.database.begin();
  }

  /** How much is taken at once: little while things go wrong, so that more goes on side by side. */
  upTo(most: number): number {
    return this.faulty ? 1 + this.random.below(most) : 1_000;
  }

  triggersOf(source: string): readonly TriggerRoute[] {
    return this.#triggers.get(source) ?? [];
  }

  /** Triggers of the union of all plans and a generation of this one, in one transaction. */
  register(transaction: Transaction, generation: Generation): void {
    this.server.create(generation.index);
    transaction.write(({ generations }) => generations.push(generation));
    transaction.commit();
    const union = this.database.tables.generations.map(({ plan }) => plan);
    this.#triggers = unionOfRoutes(union, routesOf);
  }

  /** Sends a bulk request; the server works on it in steps of its own, also when the sender has died. */
  send(writes: readonly Write[]): Bulk {
    const bulk: Bulk = { writes, outcomes: [], answer: 'awaited' };
    const name = `index server at ${writes.map(({ id, revision }) => `${id} r${revision}`).join(', ')}`;
    const task = new Task('index server', this, () => this.#serve(bulk), {
      name,
      afterDeath: () => undefined,
    });
    this.tasks.add(task);
    return bulk;
  }

  *#serve(bulk: Bulk): Steps {
    for (const write of bulk.writes) {
      yield;
      const refused = this.faulty && this.random.chance(0.1);
      const outcome = refused ? 'retry' : this.server.write(write);
      if (outcome === 'superseded') this.#checkRevision(write);
      bulk.outcomes.push(outcome);
    }
    yield;
    bulk.answer = this.faulty && this.random.chance(0.1) ? 'lost' : 'given';
  }

  /** What refuses a write was written before it, so that no snapshot of now can be older: else the counter went back. */
  #checkRevision({ index, id }: Write): void {
    if (this.server.revisionOf(index, id) > this.database.revision()) this.alarms += 1;
  }
}

/** Compiling is slow beside a sequence of a few hundred steps. */
const compiled = new Map<unknown, Plan>();

export function planOf(declared: Parameters<typeof compile>[0]): Plan {
  const plan = compiled.get(declared) ?? compile(declared);
  compiled.set(declared, plan);
  return plan;
}
