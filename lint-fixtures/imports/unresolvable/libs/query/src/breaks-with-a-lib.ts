export { nothing } from '#nowhere';
