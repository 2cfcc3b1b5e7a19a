export { Client } from '@elastic/elasticsearch';
