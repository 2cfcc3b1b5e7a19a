import { readFileSync } from 'node:fs';

/** The resident memory of a process over time, in MiB; Linux only. */
export interface MemoryWatch {
  /** The largest that was seen in this span of `performance.now()`. */
  peak(fromMs: number, toMs: number): number;
  stop(): void;
}

export function watchMemory(pid: number): MemoryWatch {
  const seen: { readonly at: number; readonly mebibytes: number }[] = [];
  const look = (): void => {
    const kibibytes = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    seen.push({ at: performance.now(), mebibytes: Number(kibibytes) / 1_024 });
  };
  look();
  const timer = setInterval(look, 200);
  return {
    peak: (fromMs, toMs) =>
      Math.max(...seen.filter(({ at }) => at >= fromMs && at < toMs).map(({ mebibytes }) => mebibytes)),
    stop: () => clearInterval(timer),
  };
}
