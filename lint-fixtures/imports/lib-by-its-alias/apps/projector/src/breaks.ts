export { projection } from '../../../libs/projection/src/index.js';
