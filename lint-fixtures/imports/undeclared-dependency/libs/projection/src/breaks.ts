export { Transport } from '@fastify/error';
