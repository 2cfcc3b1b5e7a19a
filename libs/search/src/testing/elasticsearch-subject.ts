import { silentLogger } from '#kernel';
import { createTestSpace } from '#testing';
import { elasticsearchIndex } from '../elasticsearch/elasticsearch-index.js';
import type { ContractSubject } from '../search-index.contract.js';

/** Elasticsearch in a space of its own, for the contract suites. */
export async function openElasticsearch(): Promise<ContractSubject> {
  const space = await createTestSpace({ elasticsearch: true });
  const index = elasticsearchIndex({ node: space.elasticsearchUrl, logger: silentLogger });
  return {
    index,
    prefix: space.indexPrefix,
    dispose: async () => {
      await index.close();
      await space.dispose();
    },
  };
}
