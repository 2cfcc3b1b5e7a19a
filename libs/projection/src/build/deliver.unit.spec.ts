import { describe, expect, it } from '@jest/globals';
import type { SearchIndex, WriteOperation, WriteOutcome } from '#search';
import { deliver } from './deliver.js';

const operations = (count: number): readonly WriteOperation[] =>
  Array.from({ length: count }, (_, at) => ({
    kind: 'index',
    index: 'i',
    id: `${at}`,
    revision: 1,
    body: '{}',
  }));

/** An index that answers each request by a rule; everything else of the port is out of reach. */
function answering(rule: (request: readonly WriteOperation[]) => readonly WriteOutcome[]) {
  const requests: number[] = [];
  const index = {
    write: (request: readonly WriteOperation[]) => {
      requests.push(request.length);
      return Promise.resolve(rule(request));
    },
  } as Partial<SearchIndex> as SearchIndex;
  return { index, requests };
}

const soon = (): number => performance.now() + 1_000;
const tooLarge: WriteOutcome = { kind: 'too_large', reason: '413' };

describe('a delivery', () => {
  it('sends nothing when there is nothing to send', async () => {
    const { index, requests } = answering(() => []);
    expect(await deliver(index, [], soon())).toEqual([]);
    expect(requests).toEqual([]);
  });

  it('splits what is too large until it fits, and answers in the order given', async () => {
    const { index, requests } = answering((request) =>
      request.map(({ id }) => (request.length > 2 ? tooLarge : { kind: 'retry', reason: id, alarm: false })),
    );
    const outcomes = await deliver(index, operations(9), soon());
    expect(outcomes.map((outcome) => outcome.kind === 'retry' && outcome.reason)).toEqual(
      operations(9).map(({ id }) => id),
    );
    expect(Math.max(...requests.slice(1))).toBeLessThan(9);
  });

  it('refuses the one operation that is too large alone, and finishes its neighbours', async () => {
    const { index } = answering((request) =>
      request.map(() => (request.some(({ id }) => id === '5') ? tooLarge : { kind: 'done' })),
    );
    const outcomes = await deliver(index, operations(8), soon());
    expect(outcomes.map(({ kind }) => kind)).toEqual([
      'done',
      'done',
      'done',
      'done',
      'done',
      'refused',
      'done',
      'done',
    ]);
  });

  it('sends again only what was too large', async () => {
    const seen: string[] = [];
    const { index } = answering((request) =>
      request.map(({ id }) => {
        seen.push(id);
        return id === '1' && request.length > 1 ? tooLarge : { kind: 'done' };
      }),
    );
    await deliver(index, operations(3), soon());
    expect(seen).toEqual(['0', '1', '2', '1']);
  });

  it('sends nothing after the deadline: the bytes are too old by then', async () => {
    const { index, requests } = answering((request) => request.map(() => ({ kind: 'done' })));
    const outcomes = await deliver(index, operations(2), performance.now() - 1);
    expect(outcomes.map(({ kind }) => kind)).toEqual(['retry', 'retry']);
    expect(requests).toEqual([]);
  });
});
