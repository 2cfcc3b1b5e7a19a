import { silentLogger } from '#kernel';
import { createTestSpace } from '#testing';
import { searchIndexContract } from '../search-index.contract.js';
import { elasticsearchIndex } from './elasticsearch-index.js';

searchIndexContract('Elasticsearch', async () => {
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
});
