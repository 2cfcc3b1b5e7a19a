export { append } from '#outbox';
