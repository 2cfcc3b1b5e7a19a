import fc from 'fast-check';
import type { SearchAnswer, SearchIndex, SearchRequest, WriteOperation } from '../search-index.js';
import { put, type ContractSubject } from '../search-index.contract.js';
import { openElasticsearch } from '../testing/elasticsearch-subject.js';
import { orderPlan } from '../testing/order-plan.js';
import { order } from '../testing/random-orders.js';
import { question, type Question } from '../testing/random-questions.js';
import { memoryIndex } from './memory-index.js';

// Fewer while something is tried out; never where it is to be proved.
const questions = Number(process.env['PREJOIN_QUESTIONS'] ?? 800);
const documents = 5_000;
const concurrency = 4;
const options = { deadlineMs: 30_000 };

// The same questions each time, so that only a change of the code makes it fail. Others: PREJOIN_SEED=$RANDOM
const seed = Number(process.env['PREJOIN_SEED'] ?? 4);

describe(`Elasticsearch and the index in memory, asked at random (PREJOIN_SEED=${seed})`, () => {
  let subject: ContractSubject;
  let index: string;
  const memory = memoryIndex();
  beforeAll(async () => {
    subject = await openElasticsearch();
    index = `${subject.prefix}orders`;
    const orders = fc.sample(order, { numRuns: documents, seed });
    const writes = orders.map((one, at): WriteOperation =>
      put(index, `o${String(at).padStart(5, '0')}`, 1, one),
    );
    for (const adapter of [subject.index, memory]) {
      await adapter.create(index, orderPlan);
      const outcomes = await adapter.write(writes, 60_000);
      expect(outcomes.filter(({ kind }) => kind !== 'done')).toEqual([]);
      await adapter.refresh(index);
    }
  }, 120_000);
  afterAll(() => subject.dispose());

  /** Pages are followed by what each adapter itself gave; where relevance orders, only the set is the port's promise. */
  const answerOf = async (adapter: SearchIndex, { kind, request }: Question): Promise<unknown> => {
    switch (kind) {
      case 'search':
        return readable(await adapter.search(index, orderPlan, request, options));
      case 'pages':
        return pagesOf(adapter, request);
      case 'relevance': {
        const { hits, total } = await adapter.search(index, orderPlan, request, options);
        return { ids: hits.map((hit) => hit.id).sort(), total };
      }
      case 'stats':
        return adapter.stats(index, orderPlan, request, options);
      case 'suggest':
        return adapter.suggest(index, orderPlan, request, options);
    }
  };

  const pagesOf = async (adapter: SearchIndex, request: SearchRequest): Promise<readonly string[][]> => {
    const pages: string[][] = [];
    let { after } = request;
    for (let page = 0; page < 3; page += 1) {
      const { hits } = await adapter.search(index, orderPlan, { ...request, after }, options);
      pages.push(hits.map((hit) => hit.id));
      after = hits.at(-1)?.sortValues ?? null;
      if (after === null) break;
    }
    return pages;
  };

  test(`${questions} questions over ${documents} documents have the same answers; of those by relevance, the same documents`, async () => {
    const asked = fc.sample(question, { numRuns: questions, seed });
    const differences: string[] = [];
    let telling = 0;
    const remaining = asked.values();
    const asker = async (): Promise<void> => {
      for (const one of remaining) {
        const [real, plain] = await Promise.all([answerOf(subject.index, one), answerOf(memory, one)]);
        if (!isSame(real, plain)) differences.push(described(one, real, plain));
        if (isTelling(plain)) telling += 1;
        if (differences.length >= 5) return;
      }
    };
    await Promise.all(Array.from({ length: concurrency }, asker));
    expect(differences.join('\n\n')).toBe('');
    // Two adapters that find nothing agree as well.
    expect(telling).toBeGreaterThan(questions / 2);
  }, 600_000);
});

/** What the port promises of an answer: sort values are each adapter's own. */
function readable({ hits, ...others }: SearchAnswer): unknown {
  return {
    ...others,
    hits: hits.map(({ id, revision, source, highlights }) => ({
      id,
      revision,
      source: JSON.parse(source) as unknown,
      // Two words of a phrase are marked together or each by itself.
      ...(highlights === undefined
        ? {}
        : { highlights: JSON.stringify(sorted(highlights)).replaceAll('</mark> <mark>', ' ') }),
    })),
  };
}

/** Whether an answer has a document, a group, a value or an id in it. */
function isTelling(answer: unknown): boolean {
  return /"(?:id|key|value)":|\["o\d/.test(JSON.stringify(answer));
}

function sorted(of: Readonly<Record<string, unknown>>): [string, unknown][] {
  return Object.entries(of).sort(([a], [b]) => (a < b ? -1 : 1));
}

function isSame(a: unknown, b: unknown): boolean {
  try {
    expect(a).toEqual(b);
    return true;
  } catch {
    return false;
  }
}

function described(one: Question, real: unknown, plain: unknown): string {
  return `${JSON.stringify(one)}\n  Elasticsearch: ${JSON.stringify(real).slice(0, 3_000)}\n  in memory:     ${JSON.stringify(plain).slice(0, 3_000)}`;
}
