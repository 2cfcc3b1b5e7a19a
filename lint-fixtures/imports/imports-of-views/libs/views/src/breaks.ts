export { messaging } from '#messaging';
