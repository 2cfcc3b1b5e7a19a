export { demo } from '../../../demo/demo.js';
