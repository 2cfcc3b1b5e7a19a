import { describe, expect, it } from '@jest/globals';
import type { ComparedCopy } from './copies-side.js';
import { judge, persists, type Look } from './judge.js';

const row = (version: number, more: { deleted?: boolean; content?: string | null } = {}) => ({
  id: 'a',
  version,
  deleted: false,
  content: null,
  ...more,
});
const copy = (version: number, more: Partial<ComparedCopy> = {}): ComparedCopy => ({
  ...row(version),
  epoch: 0,
  erased: false,
  ...more,
});
const look = (aggregate: Look['aggregate'], one: ComparedCopy | undefined, epoch = 0): Look => ({
  epoch,
  aggregate,
  copy: one,
});

describe('what both sides say of one id', () => {
  it.each<[string, Look, ReturnType<typeof judge>]>([
    ['nothing on either side', look(undefined, undefined), null],
    ['the same version', look(row(2), copy(2)), null],
    ['no copy', look(row(2), undefined), 'missing'],
    ['no row', look(undefined, copy(2)), 'extra'],
    ['no row and a tombstone', look(undefined, copy(2, { deleted: true })), null],
    ['a deleted row and no copy', look(row(3, { deleted: true }), undefined), null],
    [
      'a deleted row and an older tombstone',
      look(row(3, { deleted: true }), copy(2, { deleted: true })),
      null,
    ],
    ['a deleted row and a copy', look(row(3, { deleted: true }), copy(2)), 'stale'],
    ['a lower version', look(row(3), copy(2)), 'stale'],
    ['a lower epoch with a higher version', look(row(3), copy(9), 1), 'stale'],
    ['a higher version', look(row(2), copy(3)), 'ahead'],
    ['a higher epoch without a row', look(undefined, copy(1, { epoch: 1 })), 'ahead'],
    ['a tombstone of the same version', look(row(2), copy(2, { deleted: true })), 'different'],
    ['other contents', look(row(2, { content: 'x' }), copy(2, { content: 'y' })), 'different'],
    ['an erased copy', look(row(9), copy(2, { deleted: true, erased: true })), null],
  ])('%s', (_, one, expected) => {
    expect(judge(one)).toBe(expected);
  });
});

describe('a difference that is looked at again', () => {
  it.each<[string, Look, Look, ReturnType<typeof judge>]>([
    [
      'is no difference when the copy came to what the service had',
      look(row(3), copy(2)),
      look(row(7), copy(3)),
      null,
    ],
    ['is none when the copy went further than that', look(row(3), copy(2)), look(row(7), copy(5)), null],
    ['stays when the copy did not come to it', look(row(3), copy(1)), look(row(7), copy(2)), 'stale'],
    [
      'is none when the row came after the copy was read',
      look(undefined, copy(1)),
      look(row(1), copy(1)),
      null,
    ],
    [
      'is none when the copy came meanwhile, and the row is newer',
      look(row(1), undefined),
      look(row(2), copy(1)),
      null,
    ],
    ['stays when the copy never came', look(row(1), undefined), look(row(2), undefined), 'missing'],
    ['stays when a copy has no row', look(undefined, copy(1)), look(undefined, copy(1)), 'extra'],
    [
      'is none when it was deleted after the first look',
      look(row(1), copy(1)),
      look(undefined, copy(1)),
      null,
    ],
    ['stays ahead of a service that was asked later', look(row(2), copy(5)), look(row(2), copy(5)), 'ahead'],
    ['is not ahead when the service has it by now', look(row(2), copy(3)), look(row(3), copy(4)), null],
    [
      'is final for one version that says two things',
      look(row(1), copy(1)),
      look(row(2, { content: 'x' }), copy(2, { content: 'y' })),
      'different',
    ],
  ])('%s', (_, first, now, expected) => {
    expect(persists(first, now)).toBe(expected);
  });
});
