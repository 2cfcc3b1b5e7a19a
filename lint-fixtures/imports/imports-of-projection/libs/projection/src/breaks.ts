export { query } from '#query';
