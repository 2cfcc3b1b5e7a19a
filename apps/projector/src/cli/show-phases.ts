import { showProgress, systemClock, type Clock, type Progress, type ProgressStream } from '#kernel';

export interface PhaseProgress {
  readonly phase: string;
  readonly done: number;
  readonly total: number;
  /** What is counted: `roots`, `documents`. */
  readonly unit: string;
  /** What is special just now, such as why it goes slowly. */
  readonly note?: string;
}

export interface ShowPhasesOptions {
  /** What the work is about: the name of a view. */
  readonly subject: string;
  /** One line of JSON a second on standard output, instead of bars on standard error. */
  readonly json?: boolean;
  readonly stream?: ProgressStream;
  readonly output?: { write(text: string): unknown };
  readonly clock?: Clock;
}

export interface Phases {
  update(progress: PhaseProgress): void;
  /** Ends the last bar; nothing may be printed before it. */
  finish(): void;
}

/** Shows work that goes on in phases: one bar after the other, each ended by the next phase. */
export function showPhases(options: ShowPhasesOptions): Phases {
  return options.json === true ? jsonLines(options) : bars(options);
}

function bars({ subject, stream = process.stderr, clock = systemClock }: ShowPhasesOptions): Phases {
  let current: { readonly phase: string; readonly bar: Progress } | null = null;
  return {
    update: ({ phase, done, total, unit, note }) => {
      if (current?.phase !== phase) {
        current?.bar.finish();
        current = { phase, bar: showProgress({ label: `${phase} ${subject}`, unit, stream, clock }) };
      }
      current.bar.update(done, total, note);
    },
    finish: () => {
      current?.bar.finish();
      current = null;
    },
  };
}

const LINE_MS = 1_000;

function jsonLines({ subject, output = process.stdout, clock = systemClock }: ShowPhasesOptions): Phases {
  let begun: { readonly phase: string; readonly at: number; readonly done: number } | null = null;
  let writtenAt = -Infinity;
  let last: PhaseProgress | null = null;
  const now = (): number => clock.now().getTime();
  const write = (progress: PhaseProgress): void => {
    const { phase, done, total, unit, note } = progress;
    const seconds = (now() - (begun?.at ?? now())) / 1_000;
    const rate = seconds > 0 ? Math.round((done - (begun?.done ?? 0)) / seconds) : null;
    const secondsLeft = rate === null || rate <= 0 ? null : Math.ceil(Math.max(0, total - done) / rate);
    const line = {
      event: 'progress',
      subject,
      phase,
      done,
      total,
      unit,
      rate,
      secondsLeft,
      note: note ?? null,
    };
    output.write(`${JSON.stringify(line)}\n`);
    writtenAt = now();
  };
  return {
    update: (progress) => {
      const isNew = begun?.phase !== progress.phase;
      if (isNew && last !== null) write(last);
      if (isNew) begun = { phase: progress.phase, at: now(), done: progress.done };
      last = progress;
      if (!isNew && now() - writtenAt < LINE_MS) return;
      write(progress);
      last = null;
    },
    finish: () => {
      if (last !== null) write(last);
      last = null;
    },
  };
}
