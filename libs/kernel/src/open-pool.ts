import pg from 'pg';

/**
 * A pool whose connections take the next statement while the one before is still at work, so that statements that do not
 * need each other's answers go out together. They are run and answered in the order in which they were given.
 *
 * An error in one does not keep the server from the next: within a transaction that fails as well, outside of one it is run.
 */
export function openPool(config: pg.PoolConfig): pg.Pool {
  return new pg.Pool({ ...config, pipeline: true });
}
