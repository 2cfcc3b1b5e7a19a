import { sleep } from '#kernel';

/** What a screen is drawn on: standard output, or a test's. */
export interface Screen {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
  on?(event: 'resize', listener: () => void): unknown;
  off?(event: 'resize', listener: () => void): unknown;
}

export interface WatchOptions {
  readonly screen: Screen;
  /** The text to show now. */
  readonly read: () => Promise<string>;
  readonly everyMs: number;
  readonly signal: AbortSignal;
}

const ALTERNATE = '\u001b[?1049h\u001b[?25l';
const ORDINARY = '\u001b[?25h\u001b[?1049l';

/**
 * Shows `read` again and again until `signal` aborts: on a terminal in a screen of its own, which is given back as soon as
 * the signal comes and when reading fails, elsewhere as texts with an empty line between.
 */
export async function watch(options: WatchOptions): Promise<void> {
  await (options.screen.isTTY === true ? watchScreen(options) : printAgain(options));
}

async function printAgain({ screen, read, everyMs, signal }: WatchOptions): Promise<void> {
  for (let first = true; !signal.aborted; first = false) {
    const text = await read();
    screen.write(first || !text.includes('\n') ? `${text}\n` : `\n${text}\n`);
    await sleep(everyMs, signal);
  }
}

async function watchScreen({ screen, read, everyMs, signal }: WatchOptions): Promise<void> {
  let text = 'Reading…';
  let open = true;
  const draw = (): void => {
    if (open) screen.write(frame(text, screen));
  };
  // At once, and not when the reading has ended: somebody who asks twice ends the process, which then cleans up nothing.
  const leave = (): void => {
    if (!open) return;
    open = false;
    screen.write(ORDINARY);
  };
  if (signal.aborted) return;
  signal.addEventListener('abort', leave);
  // Also where the process ends by itself, such as by an error that nobody caught.
  process.once('exit', leave);
  screen.on?.('resize', draw);
  try {
    screen.write(ALTERNATE);
    draw();
    while (!signal.aborted) {
      const startedAt = performance.now();
      text = await read();
      draw();
      await sleep(Math.max(200, everyMs - (performance.now() - startedAt)), signal);
    }
  } finally {
    leave();
    screen.off?.('resize', draw);
    process.off('exit', leave);
    signal.removeEventListener('abort', leave);
  }
}

/**
 * What draws `text` over the frame before: in one write and without clearing first, so that nothing flickers. Cut to the
 * screen, since a line that wraps would push the first ones out.
 */
export function frame(text: string, size: Pick<Screen, 'columns' | 'rows'>): string {
  // A terminal that does not know its size says 0.
  const columns = size.columns || 80;
  const rows = size.rows || 24;
  const lines = text.split('\n');
  const shown =
    lines.length <= rows ? lines : [...lines.slice(0, rows - 1), `… ${lines.length - rows + 1} lines more`];
  const cut = shown.map((line) => {
    const characters = [...line];
    return `${characters.length <= columns ? line : `${characters.slice(0, columns - 1).join('')}…`}\u001b[K`;
  });
  return `\u001b[H${cut.join('\r\n')}\u001b[J`;
}
