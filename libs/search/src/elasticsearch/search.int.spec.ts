import { countingContract } from '../counting.contract.js';
import { searchingContract } from '../searching.contract.js';
import { openElasticsearch } from '../testing/elasticsearch-subject.js';

searchingContract('Elasticsearch', openElasticsearch);
countingContract('Elasticsearch', openElasticsearch);
