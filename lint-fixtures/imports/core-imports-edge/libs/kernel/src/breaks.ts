export { KernelHttpModule } from './http/index.js';
