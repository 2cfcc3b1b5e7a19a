export { now } from '#kernel';
