export { client } from '../../search/src/elasticsearch/client.js';
