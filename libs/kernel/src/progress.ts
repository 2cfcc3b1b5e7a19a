import { systemClock, type Clock } from './time.js';

/** Where progress is shown: a terminal gets one line that is drawn again, anything else a plain line now and then. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

export interface ProgressOptions {
  readonly label: string;
  readonly unit: string;
  readonly stream?: ProgressStream;
  readonly clock?: Clock;
}

export interface Progress {
  /**
   * Shows that `done` of `total` are done; drawn at most ten times a second, or once in five seconds as plain lines. A note
   * says in a few words what is special just now.
   */
  update(done: number, total: number, note?: string): void;
  /** Ends the line with the final count and the time that it took. */
  finish(): void;
}

const barWidth = 28;

export function showProgress({
  label,
  unit,
  stream = process.stderr,
  clock = systemClock,
}: ProgressOptions): Progress {
  const terminal = stream.isTTY === true;
  const interval = terminal ? 100 : 5_000;
  const startedAt = clock.now().getTime();
  let drawnAt = terminal ? 0 : startedAt;
  let last = { done: 0, total: 0 };

  const seconds = (): number => (clock.now().getTime() - startedAt) / 1_000;
  const draw = (line: string): void => void stream.write(terminal ? `\r\u001b[2K${line}` : `${line}\n`);

  return {
    update(done, total, note = '') {
      last = { done, total };
      if (clock.now().getTime() - drawnAt < interval) return;
      drawnAt = clock.now().getTime();
      draw(`${progressLine(label, unit, done, total, seconds())}${note === '' ? '' : `  (${note})`}`);
    },
    finish() {
      const rate = Math.round(last.done / Math.max(seconds(), 0.001));
      const line = `${label}: ${grouped(last.done)} ${unit} in ${seconds().toFixed(1)} s (${grouped(rate)}/s)`;
      draw(line);
      if (terminal) stream.write('\n');
    },
  };
}

function progressLine(label: string, unit: string, done: number, total: number, seconds: number): string {
  const share = total === 0 ? 1 : Math.min(1, done / total);
  const filled = Math.round(share * barWidth);
  const rate = done / Math.max(seconds, 0.001);
  const left = rate > 0 ? `${Math.ceil((total - done) / rate)} s left` : '';
  const bar = '█'.repeat(filled) + '░'.repeat(barWidth - filled);
  return `${label} ${bar} ${grouped(done)}/${grouped(total)} ${unit}  ${grouped(Math.round(rate))}/s  ${left}`.trimEnd();
}

function grouped(n: number): string {
  return n.toLocaleString('en');
}
