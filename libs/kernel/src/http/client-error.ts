import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Logger } from '../logging.js';
import { problemOfStatus } from './problem.js';

const statusOfCode: Readonly<Record<string, number>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 408,
  HPE_HEADER_OVERFLOW: 431,
};

/**
 * Answers what the HTTP parser could not read: there is no request and no reply then, so no filter runs, and Fastify
 * would answer in a form of its own.
 */
export function answerClientErrors(
  logger: Logger,
): (error: Error & { readonly code?: string }, socket: Socket) => void {
  return (error, socket) => {
    const status = statusOfCode[error.code ?? ''] ?? 400;
    logger.debug({ status, err: error }, 'What a client sent could not be read');
    // Nobody listens any more to one who reset the connection.
    if (socket.writable && error.code !== 'ECONNRESET') {
      const { problem } = problemOfStatus(status, 'This is not HTTP that the server can read.');
      const body = JSON.stringify(problem);
      socket.write(
        `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nconnection: close\r\n` +
          `content-type: application/problem+json; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
      );
    }
    socket.destroy();
  };
}
