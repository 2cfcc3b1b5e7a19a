export { search } from '#search';
