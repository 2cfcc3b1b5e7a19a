export { hidden } from '../../../libs/projection/src/private.js';
