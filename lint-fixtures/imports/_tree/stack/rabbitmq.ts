import { connect } from 'amqplib';

export const answers = connect;
