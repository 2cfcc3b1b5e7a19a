type Settled<T> = { readonly value: IteratorResult<T> } | { readonly error: unknown };

/**
 * The values of an iterator, each while the next one is being fetched. It waits for what is under way when it is left, so
 * that nothing goes on behind the caller's back.
 */
export async function* oneAhead<T>(values: AsyncIterator<T>): AsyncGenerator<T, void, void> {
  let coming = settled(values.next());
  try {
    for (;;) {
      const got = await coming;
      if ('error' in got) throw got.error;
      if (got.value.done === true) return;
      coming = settled(values.next());
      yield got.value.value;
    }
  } finally {
    await coming;
  }
}

/** As a value: it may fail while the one before is still at work. */
function settled<T>(next: Promise<IteratorResult<T>>): Promise<Settled<T>> {
  return next.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
}

/** Reads items one by one from pages; only the turn to a new page waits. */
export class PagedItems<T> {
  #items: readonly T[] = [];
  #at = 0;

  constructor(private readonly pages: AsyncIterator<readonly T[]>) {}

  /** The item that is next within the page; undefined at its end. */
  get current(): T | undefined {
    return this.#items[this.#at];
  }

  skip(): void {
    this.#at += 1;
  }

  /** Turns to the next page that has items, and answers its first; undefined when there is none. */
  async turn(): Promise<T | undefined> {
    for (;;) {
      const page = await this.pages.next();
      if (page.done === true) return undefined;
      [this.#items, this.#at] = [page.value, 0];
      if (page.value.length > 0) return page.value[0];
    }
  }

  /** Ends the reading; resolves when nothing is under way. */
  async end(): Promise<void> {
    await this.pages.return?.();
  }
}
