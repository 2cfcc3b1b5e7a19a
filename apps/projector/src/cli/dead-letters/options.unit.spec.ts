import { describe, expect, it } from '@jest/globals';
import { argumentsOf, chosen, idOf, instantOf } from './options.js';
import { shortened, visible } from './visible.js';

const clock = { now: () => new Date('2026-03-01T12:00:00Z') };

describe('since when', () => {
  it.each([
    ['90s', '2026-03-01T11:58:30Z'],
    ['30min', '2026-03-01T11:30:00Z'],
    ['2h', '2026-03-01T10:00:00Z'],
    ['7d', '2026-02-22T12:00:00Z'],
    ['2w', '2026-02-15T12:00:00Z'],
    ['2026-01-31', '2026-01-31T00:00:00Z'],
    ['2026-01-31T12:00:00+02:00', '2026-01-31T10:00:00Z'],
  ])('%s is an instant', (text, instant) => {
    expect(instantOf(text, clock)).toEqual(new Date(instant));
  });

  it.each(['', '2', '2m', '-2h', 'yesterday', '2026-13-01', '2026-01-31T99:00Z', '99999999d'])(
    "refuses '%s' and says what would do",
    (text) => {
      expect(() => instantOf(text, clock)).toThrow('90s, 30min, 2h');
    },
  );
});

describe('which letters are meant', () => {
  it('are those with the ids, or those that meet the filters, or all', () => {
    expect(chosen('retry', [1, 2], {})).toEqual({ ids: [1, 2] });
    expect(chosen('retry', [], { source: 'order' })).toMatchObject({ source: 'order' });
    expect(chosen('retry', [], { id: '' })).toMatchObject({ about: '' });
    expect(chosen('retry', [], { all: true }).ids).toBeUndefined();
  });

  it('is never everything by silence, and never said twice', () => {
    expect(() => chosen('discard', [], {})).toThrow(expect.objectContaining({ code: 'nothing_chosen' }));
    expect(() => chosen('discard', [1], { all: true })).toThrow(
      expect.objectContaining({ code: 'two_choices' }),
    );
    expect(() => chosen('discard', [1], { kind: 'envelope' })).toThrow(
      expect.objectContaining({ code: 'two_choices' }),
    );
  });

  it.each(['0', '-1', '1.5', 'x', '1e3', '1234567890123456'])("takes no '%s' for an id", (text) => {
    expect(() => idOf(text)).toThrow('dead-letters list');
  });

  it('is written as a shell takes it', () => {
    const since = new Date('2026-03-01T12:00:00Z');
    expect(argumentsOf({ kind: 'envelope', id: "it's $HOME", since })).toEqual([
      '--kind',
      'envelope',
      '--id',
      `'it'\\''s $HOME'`,
      '--since',
      '2026-03-01T12:00:00.000Z',
    ]);
  });
});

describe('a stranger’s text on a terminal', () => {
  it('can not move the cursor, end the line or turn the direction of writing', () => {
    expect(visible('a\u001b[2J\u009b1m\r\n\u202eb ü 漢')).toBe(
      'a\\u001b[2J\\u009b1m\\u000d\\u000a\\u202eb ü 漢',
    );
    expect(shortened('x'.repeat(20), 10)).toBe(`${'x'.repeat(9)}…`);
  });
});
