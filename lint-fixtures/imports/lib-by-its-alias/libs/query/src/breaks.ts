export { search } from '../../search/src/index.js';
