import { searchIndexContract } from '../search-index.contract.js';
import { openElasticsearch } from '../testing/elasticsearch-subject.js';

searchIndexContract('Elasticsearch', openElasticsearch);
