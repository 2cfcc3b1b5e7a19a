export { index } from '#search';
