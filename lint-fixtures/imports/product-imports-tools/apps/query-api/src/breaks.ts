export { bringUp } from '../../../stack/bring-up.js';
