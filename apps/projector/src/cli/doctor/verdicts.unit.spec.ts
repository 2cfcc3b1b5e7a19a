import { describe, expect, it } from '@jest/globals';
import type { Pool } from 'pg';
import { PrejoinError } from '#kernel';
import { formatFindings } from './doctor.command.js';
import { exitCodeOf, fail, ok, skip, unknown, warn } from './finding.js';
import { checkPostgres } from './postgres.js';
import { runChecks } from './run-checks.js';

const checkOf = (run: () => Promise<never>) => ({ what: 'server', remedy: 'start it', run });

describe('the exit code of the doctor', () => {
  it('is 0 for what is well or not asked for, 1 for what is wrong, and 2 where nobody could look', () => {
    const well = [ok('a', 'fine'), skip('b', 'not configured')];
    const blind = unknown('c', 'away', 'start it');
    expect(exitCodeOf(well)).toBe(0);
    expect(exitCodeOf([...well, blind])).toBe(2);
    expect(exitCodeOf([...well, warn('d', 'slow', 'look')])).toBe(1);
    expect(exitCodeOf([...well, blind, fail('d', 'broken', 'mend')])).toBe(1);
  });
});

describe('a check', () => {
  it('that fails or hangs is unknown, with the remedy of its error or else its own', async () => {
    const [thrown, told, hung] = await runChecks(
      [
        checkOf(() => Promise.reject(new Error('refused'))),
        checkOf(() => Promise.reject(new PrejoinError('x', 'forbidden', { remedy: 'grant it' }))),
        checkOf(() => new Promise<never>(() => undefined)),
      ],
      50,
    );
    expect(thrown).toEqual(unknown('server', 'refused', 'start it'));
    expect(told).toEqual(unknown('server', 'forbidden', 'grant it'));
    expect(hung).toMatchObject({ verdict: 'unknown', what: 'server' });
  });
});

describe('what is said of a PostgreSQL server', () => {
  const healthy = {
    database: 'projection',
    role: 'projection',
    version: 15,
    standby: false,
    superuser: false,
    autovacuum: 'on',
    fsync: 'on',
    fullPageWrites: 'on',
    synchronousCommit: 'on',
    connections: 10,
    mostConnections: 97,
    prepared: 0,
  };

  async function verdictsOf(server: Partial<typeof healthy>, transactions: readonly object[] = []) {
    const answers = [{ rows: [{ ...healthy, ...server }] }, { rows: transactions }];
    const query = (): Promise<unknown> => Promise.resolve(answers.shift());
    const found = await checkPostgres({ query } as Partial<Pool> as Pool, 'orders');
    return Object.fromEntries(found.map(({ what, verdict }) => [what.replace('orders: ', ''), verdict]));
  }

  it('is good in health', async () => {
    expect(new Set(Object.values(await verdictsOf({})))).toEqual(new Set(['ok']));
  });

  it.each([
    [{ standby: true }, { primary: 'fail' }],
    [{ version: 13 }, { reached: 'fail' }],
    [{ superuser: true }, { reached: 'warn' }],
    [{ autovacuum: 'off' }, { settings: 'fail' }],
    [{ fsync: 'off' }, { settings: 'fail' }],
    [{ fullPageWrites: 'off' }, { settings: 'fail' }],
    [{ synchronousCommit: 'off' }, { settings: 'fail' }],
    [{ synchronousCommit: 'local' }, { settings: 'ok' }],
    [{ connections: 90 }, { connections: 'warn' }],
    [{ prepared: 1 }, { 'long transactions': 'warn' }],
  ])('names the fault of %p alone', async (server, expected) => {
    const all = await verdictsOf(server);
    expect(all).toMatchObject(expected);
    expect(Object.entries(all).filter(([, verdict]) => verdict !== 'ok').length).toBe(
      Object.values(expected).filter((verdict) => verdict !== 'ok').length,
    );
  });

  it('names a transaction that has been open for long', async () => {
    const open = { pid: 7, seconds: 900, state: 'idle in transaction', application: 'psql' };
    expect(await verdictsOf({}, [open])).toMatchObject({ 'long transactions': 'warn' });
  });
});

describe('findings for people', () => {
  it('are a line each with the remedy below it, and can not move the cursor', () => {
    const text = formatFindings([ok('a', 'fine'), fail('b', 'bro\u001b[2Jken', 'mend it')]);
    expect(text.split('\n')).toEqual([
      'STATE  WHAT  FINDING',
      'ok     a     fine',
      'fail   b     bro\\u001b[2Jken',
      '         → mend it',
    ]);
  });
});
