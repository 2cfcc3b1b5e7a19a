import type { Envelope } from '#messaging';
import type { Change } from '../../../apply/change.js';
import { differences } from '../../../testing/pipeline.js';
import { Choices } from '../choices.js';
import type { Round, Sequence } from '../sequence.js';
import { Services, type Command } from '../services.js';
import { modelViews } from '../views.js';
import { applyBatch } from './apply.js';
import type { Bug } from './bug.js';
import { buildMarked } from './build.js';
import { lookUpKeys } from './look-up.js';
import { rebuild, type RebuildProgress } from './rebuild.js';
import { Task, World, type Steps } from './world.js';

export interface Outcome {
  /** Documents that are not what they should be, each with its index and both texts. */
  readonly wrong: readonly string[];
  /** How many documents there had to be, over all rounds. */
  readonly documents: number;
  readonly crashes: number;
  /** What happened in the last round, step by step. */
  readonly trace: readonly string[];
}

/** More than any sequence takes that comes to rest. */
const MOST_STEPS = 20_000;

/**
 * Runs a sequence on the simulated engine. Each round goes step by step in an order that the choices make, with messages
 * that come twice, late and in any order, refused items, lost answers and crashes; then without any of it, until nothing
 * is left to do. Then all documents of all generations are compared with those that the services' rows make. Rounds are
 * short, so that what one change leaves stale is not built again because of the next.
 */
export function runSequence({ standing, rounds }: Sequence, bug: Bug | null = null): Outcome {
  const run = new Run(new World(bug));
  run.finish(standing);
  let outcome = run.outcome();
  for (const round of rounds) {
    if (outcome.wrong.length > 0) break;
    run.begin(round);
    run.finish([]);
    const after = run.outcome();
    outcome = { ...after, documents: outcome.documents + after.documents };
  }
  return outcome;
}

class Run {
  readonly #services = new Services();
  readonly #commands: Command[] = [];
  #rebuilt = false;
  #steps = 0;
  #crashes = 0;
  #started = 0;
  #trace: string[] = [];

  constructor(private readonly world: World) {}

  begin({ commands, choices }: Round): void {
    const random = new Choices(choices);
    this.#steps = 0;
    this.#trace = [];
    this.world.faulty = true;
    this.world.random = random;
    this.#commands.push(...commands);
    while (!random.exhausted && this.#isBusy()) this.#stepAtRandom();
  }

  #isBusy(): boolean {
    const { tasks, queue, database } = this.world;
    const { marks, fanOut } = database.tables;
    return this.#commands.length + queue.length + tasks.size + marks.size + fanOut.size > 0;
  }

  #stepAtRandom(): void {
    const { random, tasks, queue, database } = this.world;
    const rare = this.#rareEvent(random.below(200));
    if (rare !== null) return rare();
    const options: (() => void)[] = [];
    const offer = (when: boolean, option: () => void): void => void (when && options.push(option));
    for (const task of tasks) offer(!task.isStalled, () => this.#advance(task));
    offer(this.#commands.length > 0, () => this.#command());
    offer(queue.length > 0 && this.#running('apply') < 3, () => this.#apply(1 + random.below(2)));
    offer(database.tables.fanOut.size > 0 && this.#running('fan-out') < 2, () => this.#lookUp());
    offer(database.tables.marks.size > 0 && this.#running('build') < 3, () => this.#build());
    const option = options[random.below(options.length)];
    if (option !== undefined) option();
    // Those that stall go on when nothing else can: much has happened between two of their steps.
    else for (const task of tasks) task.wake();
  }

  #rareEvent(chosen: number): (() => void) | null {
    const { random, tasks } = this.world;
    if (chosen === 199) return () => this.#crashDatabase();
    if (chosen >= 196 && !this.#rebuilt) return () => this.#rebuild();
    return chosen >= 194 ? () => this.#crash([...tasks][random.below(tasks.size)]) : null;
  }

  /** Everything heals, and all that waits is done, these commands as well. */
  finish(commands: readonly Command[]): void {
    const { world } = this;
    world.faulty = false;
    this.#commands.push(...commands);
    for (;;) {
      for (const task of [...world.tasks]) this.#advance(task);
      if (this.#commands.length > 0) this.#command();
      else if (world.queue.length > 0) this.#apply(world.queue.length);
      else if (world.tasks.size > 0) continue;
      else if (world.database.tables.fanOut.size > 0) this.#lookUp();
      else if (world.database.tables.marks.size > 0) this.#build();
      else return;
    }
  }

  outcome(): Outcome {
    const { world } = this;
    const shop = this.#services.shop();
    const wrong = world.alarms > 0 ? [`a revision was ahead of the database ${world.alarms} times`] : [];
    let documents = 0;
    for (const { view, index } of world.database.tables.generations) {
      const modelled = modelViews.find(({ name }) => name === view);
      const naive = index.endsWith('.2') ? modelled?.next.naive : modelled?.naive;
      const expected = new Map((naive?.(shop) ?? []).map((made) => [made.id, JSON.stringify(made)]));
      documents += expected.size;
      wrong.push(...differences(world.server.documents(index), expected).map((text) => `${index}: ${text}`));
    }
    return { wrong, documents, crashes: this.#crashes, trace: this.#trace };
  }

  #running(kind: Task['kind']): number {
    return [...this.world.tasks].filter((task) => task.kind === kind).length;
  }

  #advance(task: Task): void {
    if (this.#steps++ > MOST_STEPS) throw new Error('The sequence does not come to rest.');
    if (!this.world.tasks.has(task)) return;
    this.#trace.push(`${task.name} goes on`);
    if (task.goOn() === 'ended') this.world.tasks.delete(task);
  }

  /** The outbox publishes at least once: now and then an event comes twice. */
  #command(): void {
    const command = this.#commands.shift();
    const event = command === undefined ? null : this.#services.execute(command);
    if (event === null) return;
    this.#trace.push(`${event.source} ${event.aggregateId} becomes ${JSON.stringify(event.data)}`);
    this.world.queue.push(changeOf(event));
    if (this.world.faulty && this.world.random.chance(0.2)) this.world.queue.push(changeOf(event));
  }

  /** Takes messages from anywhere in the queue; what is not acknowledged by a process that dies comes again. */
  #apply(count: number): void {
    const { queue, random } = this.world;
    const batch: Change[] = [];
    for (let left = Math.min(count, queue.length); left > 0; left--)
      batch.push(...queue.splice(this.world.faulty ? random.below(queue.length) : 0, 1));
    let acknowledged = false;
    const acknowledge = (): void => void (acknowledged = true);
    const redeliver = (): void => void (acknowledged || queue.push(...batch));
    const what = batch.map(({ source, id, version }) => `${source} ${id} v${version}`).join(', ');
    this.#start('apply', (task) => applyBatch(this.world, task, batch, acknowledge), redeliver, what);
  }

  #lookUp(): void {
    this.#start('fan-out', (task) => lookUpKeys(this.world, task));
  }

  #build(): void {
    this.#start('build', (task) => buildMarked(this.world, task));
  }

  #rebuild(): void {
    this.#rebuilt = true;
    const view = modelViews[this.world.random.below(modelViews.length)];
    if (view === undefined) return;
    const progress: RebuildProgress = { registered: false, scannedTo: '' };
    // Who takes it over goes on where it was.
    const start = (): void =>
      this.#start('rebuild', (task) => rebuild(this.world, task, view, progress), start, view.name);
    start();
  }

  #start(
    kind: Task['kind'],
    work: (task: Task) => Steps,
    afterDeath: () => void = () => undefined,
    what = '',
  ): void {
    const task = new Task(kind, this.world, work, { name: `${kind} ${++this.#started}`, afterDeath });
    this.world.tasks.add(task);
    this.#trace.push(`${task.name} starts ${what}`);
  }

  #crash(task: Task | undefined): void {
    if (task === undefined || task.kind === 'index server') return;
    this.#crashes += 1;
    this.#trace.push(`${task.name} dies`);
    this.world.tasks.delete(task);
    task.die();
  }

  /** All connections are gone, and with them whoever had one; what was sent to the index is on its way all the same. */
  #crashDatabase(): void {
    for (const task of [...this.world.tasks]) this.#crash(task);
    this.world.database.crash();
  }
}

function changeOf(event: Envelope): Change {
  const { source, aggregateId: id, epoch, version, deleted, occurredAt, id: eventId, traceparent } = event;
  const data = event.data === null ? null : JSON.stringify(event.data);
  return { source, id, epoch, version, deleted, occurredAt, eventId, traceparent, data };
}
