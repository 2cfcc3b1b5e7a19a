export type { Channel } from 'amqplib';
