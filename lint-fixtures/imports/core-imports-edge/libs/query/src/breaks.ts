export { KernelHttpModule } from '#kernel/http';
