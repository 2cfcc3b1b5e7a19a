import { pino, type DestinationStream } from 'pino';

/** How much is gathered before it is written, in bytes, and for how long at most, in milliseconds. */
const GATHERED_BYTES = 8 * 1024;
const GATHERED_MS = 100;
/** pino's number of `warn`. */
const WARNING = 40;

/**
 * Writes log lines many at a time: one call of the operating system for each answer is a good part of what an answer costs.
 * A warning, and whatever is worse, is written at once with all before it, and so is the rest when the process ends by
 * itself. Who kills it loses what it said in the last tenth of a second, as long as that was no warning.
 *
 * @param dest a file descriptor, or a path, which is opened in the background
 */
export function gatheredLines(dest: number | string = 1): DestinationStream {
  const gathered = pino.destination({
    dest,
    sync: false,
    minLength: GATHERED_BYTES,
    periodicFlush: GATHERED_MS,
  });
  const lines = {
    // Has pino say the level of each line before it is written.
    [pino.symbols.needsMetadataGsym]: true,
    lastLevel: 0,
    write(line: string): void {
      gathered.write(line);
      if (lines.lastLevel >= WARNING) gathered.flushSync();
    },
  };
  return lines;
}
