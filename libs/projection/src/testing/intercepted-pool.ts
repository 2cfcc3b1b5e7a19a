import type pg from 'pg';
import { withClient } from '../revision/client.js';

/** Runs before each statement, on the connection that will run it; what it throws is what the statement throws. */
export type BeforeStatement = (sql: string, client: pg.PoolClient) => Promise<void>;

/** The pool, with something done before every statement: a pause, a wait, the end of the connection. */
export function interceptedPool(pool: pg.Pool, before: BeforeStatement): pg.Pool {
  return new Proxy(pool, {
    get: (of, name) => {
      if (name === 'connect')
        return (callback: Connected) =>
          of.connect((error, client, release) =>
            callback(error, client && intercepted(client, before), release),
          );
      if (name === 'query')
        return (...statement: Statement) =>
          withClient(of, async (client) => {
            await before(sqlOf(statement), client);
            return query(client, statement);
          });
      return bound(of, name);
    },
  });
}

type Connected = Parameters<pg.Pool['connect']>[0];
type Statement = readonly [string | pg.QueryConfig, unknown[]?];

function intercepted(client: pg.PoolClient, before: BeforeStatement): pg.PoolClient {
  return new Proxy(client, {
    get: (of, name) =>
      name === 'query'
        ? async (...statement: Statement) => {
            await before(sqlOf(statement), of);
            return query(of, statement);
          }
        : bound(of, name),
  });
}

function query(client: pg.PoolClient, [statement, values]: Statement): Promise<pg.QueryResult> {
  return client.query(statement, values);
}

function sqlOf([statement]: Statement): string {
  return typeof statement === 'string' ? statement : statement.text;
}

function bound(of: object, name: string | symbol): unknown {
  const value: unknown = Reflect.get(of, name);
  return typeof value === 'function' ? (value.bind(of) as unknown) : value;
}
