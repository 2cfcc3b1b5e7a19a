/** Runs pieces of work, each of which has the outcome of its own. */
export type Turns = <T>(work: () => Promise<T>) => Promise<T>;

/** Begins a piece of work at once, or when all before it have ended, as `oneByOne` says when it comes. */
export function inTurn(oneByOne: () => boolean): Turns {
  let before: Promise<unknown> = Promise.resolve();
  return (work) => {
    const working = oneByOne() ? before.then(work) : work();
    before = Promise.allSettled([before, working]);
    return working;
  };
}
