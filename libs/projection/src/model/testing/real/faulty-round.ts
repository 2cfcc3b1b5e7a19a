import { sleep } from '#kernel';
import type { Envelope } from '#messaging';
import type { Builder } from '../../../build/builder.js';
import type { FanOutWorker } from '../../../fan-out/start-fan-out.js';
import { rebuild } from '../../../rebuild/rebuild.js';
import { gate } from '../../../testing/building.js';
import { shuffled } from '../../../testing/histories.js';
import { interceptedPool } from '../../../testing/intercepted-pool.js';
import type { Pipeline, Role } from '../../../testing/pipeline.js';
import type { Random } from '../../../testing/random.js';
import { Choices } from '../choices.js';
import type { Round } from '../sequence.js';
import { modelViews, type ModelView } from '../views.js';
import { unreliableIndex, unreliablePool, type Network } from './faults.js';
import { comeToRest, rebuildOf, SMALL } from './rest.js';

/** What was done to the engine, to see that it was. */
export interface Seen {
  rounds: number;
  kills: number;
  rebuilds: number;
  blocks: number;
  lateRequests: number;
  lateCommits: number;
  lateRedeliveries: number;
}

export function nothingSeen(): Seen {
  return {
    rounds: 0,
    kills: 0,
    rebuilds: 0,
    blocks: 0,
    lateRequests: 0,
    lateCommits: 0,
    lateRedeliveries: 0,
  };
}

type Worker = Builder | FanOutWorker;

const ROLES: readonly Role[] = ['claim', 'apply', 'fan-out', 'read'];

/**
 * What becomes of one message of a round, before the others or around them. Chance alone hardly ever lets a race happen that needs three things in
 * one order, so that two of the schedules make that order.
 */
const SCHEDULES = ['free', 'late_commit', 'late_requests', 'late_commit'] as const;

/** One round of a sequence: all that can go wrong while its events are worked off, and then none of it. */
export class FaultyRound {
  readonly #random: Random;
  readonly #quiet = Promise.withResolvers<void>();
  readonly #network: Network = { holding: false, quiet: this.#quiet.promise, late: [] };
  readonly #unfinished: ModelView[] = [];

  constructor(
    private readonly pipeline: Pipeline,
    { choices }: Round,
    private readonly seen: Seen,
  ) {
    this.#random = new Choices(choices);
  }

  /** `past` is what was published before these events. */
  async run(events: readonly Envelope[], past: readonly Envelope[]): Promise<void> {
    const random = this.#random;
    // What gives the round its shape is chosen first: the later choices are made by whoever comes first.
    const schedule = SCHEDULES[random.below(SCHEDULES.length)] ?? 'free';
    // One of both at most: a rebuild waits for marks to be built, and none is while the indices are blocked.
    const trouble = random.below(9);
    const blocked = trouble === 1;
    const rebuilt = trouble === 2 ? modelViews[random.below(modelViews.length)] : undefined;
    const redelivered = random.chance(0.7) ? this.#outdated(events, past) : [];
    const messages = this.#messagesOf(events);

    if (blocked) await this.#blockIndices(true);
    const workers = this.#startWorkers();
    await Promise.all([
      this.#deliver(schedule, messages, workers),
      this.#killSome(),
      rebuilt === undefined ? undefined : this.#rebuild(rebuilt),
    ]);
    await this.#work(workers);
    await Promise.all(workers.map((worker) => worker.close()));
    if (blocked) await this.#blockIndices(false);
    await comeToRest(this.pipeline, { messages: redelivered, rebuilds: this.#unfinished });
    await this.#letLateRequestsArrive();
  }

  /** Some events come twice, all in any order. */
  #messagesOf(events: readonly Envelope[]): readonly Envelope[] {
    const twice = events.filter(() => this.#random.chance(0.3));
    return shuffled([...events, ...twice], this.#random);
  }

  /** A state that one of these events has replaced: its message was lost on the way back, and comes last of all. */
  #outdated(events: readonly Envelope[], past: readonly Envelope[]): readonly Envelope[] {
    const replaced = past.filter((old) => events.some((event) => isSameAggregate(event, old)));
    const chosen = replaced[this.#random.below(Math.max(replaced.length, 1))];
    if (chosen === undefined) return [];
    this.seen.lateRedeliveries += 1;
    return [chosen];
  }

  #startWorkers(): readonly Worker[] {
    const { pipeline } = this;
    const index = unreliableIndex(pipeline.index, this.#random, this.#network);
    const [read, claimPool] = [this.#pool('read'), this.#pool('claim')];
    const builder = { ...SMALL.builder, index, pool: read, claimPool, lanes: 1 };
    return [
      pipeline.startBuilder(builder),
      pipeline.startBuilder(builder),
      pipeline.startFanOut({ ...SMALL.fanOut, pool: this.#pool('fan-out') }),
      pipeline.startFanOut({ ...SMALL.fanOut, chunk: 1, pool: this.#pool('fan-out') }),
    ];
  }

  #pool(role: Role): ReturnType<Pipeline['pool']> {
    return unreliablePool(this.pipeline.pool(role), this.#random);
  }

  async #deliver(
    schedule: (typeof SCHEDULES)[number],
    messages: readonly Envelope[],
    workers: readonly Worker[],
  ): Promise<void> {
    const first = schedule === 'late_commit' ? partnerIn(messages) : messages[0];
    if (first === undefined || schedule === 'free') return this.#consume(messages, workers);
    const others = messages.filter((message) => message !== first);
    if (schedule === 'late_commit') return this.#commitLate(first, others, workers);
    return this.#holdRequests(first, others, workers);
  }

  /** Consumers side by side; an unacknowledged batch comes again. */
  async #consume(messages: readonly Envelope[], workers: readonly Worker[]): Promise<void> {
    const left = [...messages];
    const pool = this.#pool('apply');
    const consume = async (): Promise<void> => {
      while (left.length > 0) {
        await this.pipeline.deliver(left.splice(0, 1 + this.#random.below(2)), pool);
        for (const worker of workers) worker.wake();
      }
    };
    await Promise.all([consume(), consume(), consume()]);
  }

  /**
   * The first message is applied before all others, and its commit comes when what the others changed has been built:
   * whoever looked up too early will not look again.
   */
  async #commitLate(first: Envelope, others: readonly Envelope[], workers: readonly Worker[]): Promise<void> {
    const commit = gate();
    const pool = interceptedPool(this.pipeline.pool('apply'), async (sql) => {
      if (sql === 'COMMIT') await commit.pass();
    });
    const delivered = this.pipeline.deliver([first], pool);
    await commit.reached;
    const waiting = others.filter((other) => isSameAggregate(first, other));
    const consumed = this.#consume(
      others.filter((other) => !waiting.includes(other)),
      workers,
    );
    // Not for ever: a rebuild that changes the tables may stand between the two.
    await Promise.race([consumed, sleep(1_000)]);
    await this.#work(workers);
    commit.open();
    this.seen.lateCommits += 1;
    await Promise.all([delivered, consumed, this.#consume(waiting, workers)]);
  }

  /** What is built of the first message alone is under way until all is quiet, and arrives after everything newer. */
  async #holdRequests(
    first: Envelope,
    others: readonly Envelope[],
    workers: readonly Worker[],
  ): Promise<void> {
    this.#network.holding = true;
    await this.pipeline.deliver([first]);
    await this.#work(workers);
    this.#network.holding = false;
    await this.#consume(others, workers);
  }

  async #letLateRequestsArrive(): Promise<void> {
    const { late } = this.#network;
    this.seen.lateRequests += late.length;
    this.#quiet.resolve();
    await Promise.all(late);
  }

  async #killSome(): Promise<void> {
    if (!this.#random.chance(0.3)) return;
    await sleep(this.#random.below(60));
    this.seen.kills += await this.pipeline.kill(ROLES[this.#random.below(ROLES.length)] ?? 'claim');
  }

  async #rebuild(view: ModelView): Promise<void> {
    this.seen.rebuilds += 1;
    await rebuild({ ...rebuildOf(this.pipeline, view), pool: this.#pool('read') }).catch(
      () => void this.#unfinished.push(view),
    );
  }

  /** Refused items of a real server: the indices take no writes for a while. */
  async #blockIndices(blocked: boolean): Promise<void> {
    const { space } = this.pipeline;
    this.seen.blocks += 1;
    await fetch(`${space.elasticsearchUrl}/${space.indexPrefix}*/_settings`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ 'index.blocks.write': blocked ? true : null }),
    });
  }

  /** Lets the workers go on for a while: until nothing is left that is due, or until it is time for something else. */
  async #work(workers: readonly Worker[]): Promise<void> {
    for (let looks = 0; looks < 30; looks++) {
      for (const worker of workers) worker.wake();
      // On a connection that no kill is meant for. What is claimed is still to be seen, until its claim has ended.
      const { rows } = await this.pipeline.space.pool('projection').query<{ left: boolean }>(
        `SELECT EXISTS (SELECT FROM mark WHERE due_at <= now())
             OR EXISTS (SELECT FROM fan_out WHERE due_at <= now())
             OR EXISTS (SELECT FROM fan_out_job WHERE due_at <= now()) AS left`,
      );
      if (rows[0]?.left === false) return;
      await sleep(10);
    }
  }
}

/** What another message refers to, so that the look-up of the one has to see the other; else just the first. */
function partnerIn(messages: readonly Envelope[]): Envelope | undefined {
  const isReferredTo = (message: Envelope): boolean =>
    messages.some(
      (other) =>
        !isSameAggregate(other, message) &&
        JSON.stringify(other.data).includes(JSON.stringify(message.aggregateId)),
    );
  return messages.find(isReferredTo) ?? messages[0];
}

function isSameAggregate(a: Envelope, b: Envelope): boolean {
  return a.source === b.source && a.aggregateId === b.aggregateId;
}
