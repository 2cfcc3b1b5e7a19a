import { readCpu, type CpuReading } from './cpu.js';

/** The CPU seconds of each process in the time of each side, and of Elasticsearch as a whole. */
export class CpuBySide<S extends string> {
  readonly #used = new Map<S, Map<string, number>>();
  #before: CpuReading;

  /** @param pids of the processes by their names */
  constructor(private readonly pids: ReadonlyMap<string, number>) {
    this.#before = this.#read();
  }

  /** What was used since the last time is that of this side. */
  note(side: S): void {
    const [before, after] = [this.#before, this.#read()];
    this.#before = after;
    const used = this.#used.get(side) ?? new Map<string, number>();
    this.#used.set(side, used);
    const add = (name: string, pid: number): void => {
      const seconds = (after.get(pid)?.seconds ?? 0) - (before.get(pid)?.seconds ?? 0);
      used.set(name, (used.get(name) ?? 0) + seconds);
    };
    for (const [name, pid] of this.pids) add(name, pid);
    for (const [pid, { kind }] of after) if (kind === 'java') add('java', pid);
  }

  /** What was used since the last time is nobody's. */
  skip(): void {
    this.#before = this.#read();
  }

  of(side: S): string {
    return [...(this.#used.get(side) ?? [])].map(([name, used]) => `${name} ${used.toFixed(2)}`).join(', ');
  }

  #read(): CpuReading {
    return readCpu([...this.pids.values()]);
  }
}
