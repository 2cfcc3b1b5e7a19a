import type { Pool, PoolClient } from 'pg';

/**
 * Takes a connection out of the pool, with somebody who listens to its loss from the first moment.
 *
 * The pool stops listening when it hands a connection out, and a loss that nobody listens to ends the process. A promise is
 * one step too late: what the server says right behind its greeting may be read in the same step as that. Whoever has the
 * connection takes `onLoss` off again before the release.
 */
export function checkOut(pool: Pool, onLoss: (error: Error) => void): Promise<PoolClient> {
  return new Promise((resolve, reject) => {
    pool.connect((error, client) => {
      if (client === undefined) {
        reject(error ?? new Error('The pool gave neither a connection nor a reason.'));
        return;
      }
      client.on('error', onLoss);
      resolve(client);
    });
  });
}
