import { afterEach, expect, test } from '@jest/globals';
import { SearchCancelledError, SearchTimeoutError, SearchUnavailableError } from '../errors.js';
import type { Answer, Connection, Question } from './connection.js';
import { sharingReads } from './shared-reads.js';

const read: Question = {
  method: 'POST',
  path: '/v/_search',
  body: '{}',
  deadlineMs: 60_000,
  sharing: 'with running',
};
const answered = (text: string): Answer => ({ status: 200, text });

/** Every question of the running test; what is left of them when it ends is answered then. */
const asked: { readonly calls: PromiseWithResolvers<Answer>[]; readonly answers: Promise<Answer>[] } = {
  calls: [],
  answers: [],
};

// A question that nobody answers keeps a timer, which would fail a minute later in whatever spec the worker runs then.
afterEach(async () => {
  for (const call of asked.calls.splice(0)) call.resolve(answered('at the end'));
  await Promise.allSettled(asked.answers.splice(0));
});

/** A server that answers when the test says so. */
function heldServer() {
  const calls: (Question & PromiseWithResolvers<Answer>)[] = [];
  const clock = { now: 0 };
  let shared = 0;
  const server: Connection = {
    ask(question) {
      const call = { ...question, ...Promise.withResolvers<Answer>() };
      question.signal?.addEventListener('abort', () => call.reject(new SearchCancelledError()));
      calls.push(call);
      asked.calls.push(call);
      return call.promise;
    },
    close: () => Promise.resolve(),
  };
  const connection = sharingReads(server, { onShared: () => (shared += 1), now: () => clock.now });
  return {
    calls,
    clock,
    ask: (more: Partial<Question> = {}) => {
      const answer = connection.ask({ ...read, ...more });
      asked.answers.push(answer);
      return answer;
    },
    get shared() {
      return shared;
    },
  };
}

test('equal reads in flight are one call, and the next one after it is another', async () => {
  const server = heldServer();
  const equal = Array.from({ length: 1_000 }, () => server.ask());
  expect([server.calls.length, server.shared]).toEqual([1, 999]);
  server.calls[0]?.resolve(answered('first'));
  expect(new Set((await Promise.all(equal)).map(({ text }) => text))).toEqual(new Set(['first']));
  void server.ask();
  expect(server.calls).toHaveLength(2);
  server.calls[1]?.resolve(answered('second'));
});

test('what differs in method, path or body is a call of its own, and so is every write', () => {
  const server = heldServer();
  const { sharing: _none, ...write } = read;
  void server.ask();
  void server.ask({ method: 'GET' });
  void server.ask({ path: '/w/_search' });
  void server.ask({ body: '{ }' });
  expect(server.calls).toHaveLength(4);
  const connection = sharingReads(
    { ask: () => new Promise(() => undefined), close: () => Promise.resolve() },
    {
      onShared: () => {
        throw new Error('A write was shared.');
      },
    },
  );
  void connection.ask(write);
  void connection.ask(write);
});

test('a caller that leaves is told so alone; the call ends with the last of them', async () => {
  const server = heldServer();
  const [first, second] = [new AbortController(), new AbortController()];
  const one = server.ask({ signal: first.signal });
  const two = server.ask({ signal: second.signal });
  first.abort();
  await expect(one).rejects.toBeInstanceOf(SearchCancelledError);
  expect(server.calls[0]?.signal?.aborted).toBe(false);
  second.abort();
  await expect(two).rejects.toBeInstanceOf(SearchCancelledError);
  expect(server.calls[0]?.signal?.aborted).toBe(true);
  // Nobody may join what was ended.
  void server.ask();
  expect(server.calls).toHaveLength(2);
});

test('each has its own deadline', async () => {
  const server = heldServer();
  const patient = server.ask({ deadlineMs: 60_000 });
  await expect(server.ask({ deadlineMs: 5 })).rejects.toBeInstanceOf(SearchTimeoutError);
  server.calls[0]?.resolve(answered('late'));
  expect(await patient).toEqual(answered('late'));
  expect(server.calls).toHaveLength(1);
});

test('who knows of a write joins no call in flight, and others may join that one', async () => {
  const server = heldServer();
  const before = server.ask();
  const after = server.ask({ sharing: 'with later' });
  const later = server.ask();
  expect(server.calls).toHaveLength(2);
  server.calls[0]?.resolve(answered('old'));
  server.calls[1]?.resolve(answered('new'));
  expect((await Promise.all([before, after, later])).map(({ text }) => text)).toEqual(['old', 'new', 'new']);
  // The end of the older call does not end what is known of the newer one.
  const third = server.ask({ sharing: 'with later' });
  const fourth = server.ask();
  expect(server.calls).toHaveLength(3);
  server.calls[2]?.resolve(answered('newest'));
  expect(await Promise.all([third, fourth])).toEqual([answered('newest'), answered('newest')]);
});

test('a call that is running for a second is joined no more', async () => {
  const server = heldServer();
  const first = server.ask();
  server.clock.now = 1_001;
  const second = server.ask();
  expect(server.calls).toHaveLength(2);
  server.calls[0]?.resolve(answered('old'));
  await first;
  void server.ask();
  expect(server.calls).toHaveLength(2);
  server.calls[1]?.resolve(answered('new'));
  await second;
});

test('a fault is told to all who wait, and is not kept', async () => {
  const server = heldServer();
  const both = [server.ask(), server.ask()];
  server.calls[0]?.reject(new SearchUnavailableError('it is away.'));
  for (const { status } of await Promise.allSettled(both)) expect(status).toBe('rejected');
  const again = server.ask();
  server.calls[1]?.resolve(answered('back'));
  expect(await again).toEqual(answered('back'));
});

test('a caller that left before it asked makes no call', async () => {
  const server = heldServer();
  const running = server.ask();
  await expect(server.ask({ signal: AbortSignal.abort() })).rejects.toBeInstanceOf(SearchCancelledError);
  expect(server.calls).toHaveLength(1);
  server.calls[0]?.resolve(answered('one'));
  await running;
});
