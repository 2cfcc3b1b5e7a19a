import { readdirSync, readFileSync } from 'node:fs';

export type ProcessKind = 'node' | 'postgres' | 'beam' | 'java';
export type CpuSeconds = Readonly<Record<ProcessKind, number>>;

/** What each process has used since it was started, in seconds; Linux only. */
export type CpuReading = ReadonlyMap<number, { readonly kind: ProcessKind; readonly seconds: number }>;

const TICKS_PER_SECOND = 100;
const kindOfName: Readonly<Record<string, ProcessKind>> = {
  postgres: 'postgres',
  'beam.smp': 'beam',
  java: 'java',
};

/**
 * Of the servers all processes on this machine, since theirs do not belong to this one: what else they do meanwhile is
 * counted as well. Of Node this process, with the processes in `children`.
 */
export function readCpu(children: readonly number[] = []): CpuReading {
  const { user, system } = process.cpuUsage();
  const reading = new Map<number, { readonly kind: ProcessKind; readonly seconds: number }>();
  reading.set(process.pid, { kind: 'node', seconds: (user + system) / 1e6 });
  for (const entry of readdirSync('/proc')) {
    const pid = Number(entry);
    if (!Number.isInteger(pid)) continue;
    const stat = statOf(pid);
    if (stat === null) continue;
    const kind = children.includes(pid) ? 'node' : kindOfName[stat.name];
    if (kind !== undefined) reading.set(pid, { kind, seconds: stat.seconds });
  }
  return reading;
}

/** What was used between two readings. */
export function cpuBetween(before: CpuReading, after: CpuReading): CpuSeconds {
  const used = { node: 0, postgres: 0, beam: 0, java: 0 };
  for (const [pid, { kind, seconds }] of after) used[kind] += seconds - (before.get(pid)?.seconds ?? 0);
  // A connection of PostgreSQL that ended is counted by its parent, with what it had used before the first reading.
  for (const [pid, { kind, seconds }] of before)
    if (kind === 'postgres' && !after.has(pid)) used.postgres -= seconds;
  return used;
}

export function plus(one: CpuSeconds, other: CpuSeconds): CpuSeconds {
  return {
    node: one.node + other.node,
    postgres: one.postgres + other.postgres,
    beam: one.beam + other.beam,
    java: one.java + other.java,
  };
}

export const noCpu: CpuSeconds = { node: 0, postgres: 0, beam: 0, java: 0 };

/** Null for a process that has ended meanwhile. See proc_pid_stat(5). */
function statOf(pid: number): { readonly name: string; readonly seconds: number } | null {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH'))
      return null;
    throw error;
  }
  // The name stands in brackets and may hold anything, brackets too.
  const end = text.lastIndexOf(')');
  const name = text.slice(text.indexOf('(') + 1, end);
  const fields = text.slice(end + 2).split(' ');
  // utime, stime, and those of the children that have ended, which a server's connections do.
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return { name, seconds: ticks / TICKS_PER_SECOND };
}
