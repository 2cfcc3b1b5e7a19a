export type { estypes } from '@elastic/elasticsearch';
