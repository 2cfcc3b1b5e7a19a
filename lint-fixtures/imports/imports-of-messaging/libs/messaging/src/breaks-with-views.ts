export { views } from '#views';
