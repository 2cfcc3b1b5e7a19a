import { EventEmitter } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { frame, watch, type Screen } from './watch.js';

const SHOW_CURSOR = '\u001b[?25h';
const LEAVE = '\u001b[?1049l';

class Terminal extends EventEmitter implements Screen {
  readonly isTTY: boolean;
  columns = 40;
  rows = 5;
  readonly written: string[] = [];

  constructor(isTTY: boolean) {
    super();
    this.isTTY = isTTY;
  }

  write(text: string): void {
    this.written.push(text);
  }

  get isClean(): boolean {
    const all = this.written.join('');
    return (
      all.lastIndexOf(SHOW_CURSOR) > all.lastIndexOf('\u001b[?25l') &&
      all.lastIndexOf(LEAVE) > all.lastIndexOf('\u001b[?1049h')
    );
  }
}

describe('watching on a terminal', () => {
  it('draws each frame in one write, and gives the screen and the cursor back in the end', async () => {
    const screen = new Terminal(true);
    const stop = new AbortController();
    let reads = 0;
    await watch({
      screen,
      everyMs: 1,
      signal: stop.signal,
      read: () => {
        if (++reads === 3) stop.abort();
        return Promise.resolve(`frame ${reads}`);
      },
    });
    const frames = screen.written.filter((text) => text.includes('frame'));
    expect(frames).toEqual([frame('frame 1', screen), frame('frame 2', screen)]);
    expect(screen.isClean).toBe(true);
    expect(screen.listenerCount('resize')).toBe(0);
  });

  it('gives the screen back at once when it is stopped while a reading hangs, and when a reading fails', async () => {
    const screen = new Terminal(true);
    const stop = new AbortController();
    const reading = Promise.withResolvers<string>();
    const watching = watch({ screen, everyMs: 1, signal: stop.signal, read: () => reading.promise });
    expect(screen.isClean).toBe(false);
    stop.abort();
    expect(screen.isClean).toBe(true);
    const writes = screen.written.length;
    reading.resolve('late');
    await watching;
    // Nothing is drawn on the ordinary screen afterwards.
    expect(screen.written).toHaveLength(writes);

    const failing = new Terminal(true);
    const failed = watch({
      screen: failing,
      everyMs: 1,
      signal: new AbortController().signal,
      read: () => Promise.reject(new Error('away')),
    });
    await expect(failed).rejects.toThrow('away');
    expect(failing.isClean).toBe(true);
  });

  it('draws again when the terminal changes its size', async () => {
    const screen = new Terminal(true);
    const stop = new AbortController();
    const first = Promise.withResolvers<void>();
    const watching = watch({
      screen,
      everyMs: 60_000,
      signal: stop.signal,
      read: () => {
        setImmediate(first.resolve);
        return Promise.resolve('a line that is longer than ten');
      },
    });
    await first.promise;
    screen.columns = 10;
    screen.emit('resize');
    expect(screen.written.at(-1)).toContain('a line th…');
    stop.abort();
    await watching;
  });
});

describe('a frame', () => {
  it('is cut to the screen, so that no line wraps and the first lines stay', () => {
    const drawn = frame('one\ntwo is long\nthree\nfour', { columns: 6, rows: 3 });
    expect(drawn.replaceAll('\u001b[K', '')).toBe('\u001b[Hone\r\ntwo i…\r\n… 2 l…\u001b[J');
  });
});

describe('watching without a terminal', () => {
  it('prints texts with an empty line between, and lines without one', async () => {
    for (const [texts, expected] of [
      [['a\nb', 'c\nd'], 'a\nb\n\nc\nd\n'],
      [['{}', '{}'], '{}\n{}\n'],
    ] as const) {
      const screen = new Terminal(false);
      const stop = new AbortController();
      const left = [...texts];
      const read = (): Promise<string> => {
        const text = left.shift() ?? '';
        if (left.length === 0) stop.abort();
        return Promise.resolve(text);
      };
      await watch({ screen, everyMs: 1, signal: stop.signal, read });
      expect(screen.written.join('')).toBe(expected);
    }
  });
});
