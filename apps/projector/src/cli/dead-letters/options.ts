import { InvalidArgumentError, Option, type Command } from 'commander';
import { systemClock, type Clock } from '#kernel';
import type { DeadLetterFilter, DeadLetterKind } from '#projection';
import { UsageError } from '../usage-error.js';

const kinds: readonly DeadLetterKind[] = ['envelope', 'constraint', 'document'];

export interface FilterOptions {
  readonly kind?: DeadLetterKind;
  readonly source?: string;
  readonly view?: string;
  readonly id?: string;
  readonly since?: Date;
}

/** Adds the filters that list, retry and discard have in common. */
export function withFilters(command: Command): Command {
  return command
    .addOption(new Option('--kind <kind>', 'what could not be handled').choices(kinds))
    .option('--source <source>', 'of events of this source')
    .option('--view <view>', 'of documents of this view')
    .option('--id <id>', 'about the aggregate or root with this id')
    .option('--since <when>', 'written since then: a duration such as 30min or 2h, or an instant', (text) =>
      instantOf(text),
    );
}

export function filterOf({ kind, source, view, id, since }: FilterOptions): DeadLetterFilter {
  return { kind, source, view, about: id, since };
}

/** The same filters as they are given on a command line; a duration has become its instant. */
export function argumentsOf({ kind, source, view, id, since }: FilterOptions): readonly string[] {
  const given = Object.entries({ kind, source, view, id, since: since?.toISOString() });
  return given.flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`, quoted(value)]));
}

function quoted(value: string): string {
  return /^[\w.:@/+-]+$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`;
}

/** `retry` and `discard` act on many letters only if that is said. */
export class NothingChosenError extends UsageError {
  constructor(command: string) {
    super('nothing_chosen', `Which dead letters should ${command} take?`, {
      remedy: `Name their ids, or filters such as --source or --since, or all of them by: npx prejoin dead-letters ${command} --all`,
    });
  }
}

export class TwoChoicesError extends UsageError {
  constructor() {
    super('two_choices', 'Ids and filters both say which dead letters are meant.', {
      remedy: 'Give the ids without --all and filters, or leave them out.',
    });
  }
}

/**
 * The letters that a command line chooses.
 * @throws {NothingChosenError} for neither ids nor a filter nor `--all`; {TwoChoicesError} for ids with any of these
 */
export function chosen(
  command: string,
  ids: readonly number[],
  options: FilterOptions & { readonly all?: boolean },
): DeadLetterFilter {
  const filtered = argumentsOf(options).length > 0;
  if (ids.length > 0 && (filtered || options.all === true)) throw new TwoChoicesError();
  if (ids.length > 0) return { ids };
  if (!filtered && options.all !== true) throw new NothingChosenError(command);
  return filterOf(options);
}

const unitMs: Readonly<Record<string, number>> = {
  s: 1_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/**
 * The instant that `2h` (ago) or an ISO 8601 text means.
 * @throws {InvalidArgumentError} for anything else
 */
export function instantOf(text: string, clock: Clock = systemClock): Date {
  const [, count, unit] = /^(\d{1,6})(s|min|h|d|w)$/.exec(text) ?? [];
  const ms = unit === undefined ? undefined : unitMs[unit];
  if (ms !== undefined) return new Date(clock.now().getTime() - Number(count) * ms);
  const instant = new Date(text);
  // Date takes much for a date, such as "2"; only what looks like one is meant.
  if (!/^\d{4}-\d{2}-\d{2}/.test(text) || Number.isNaN(instant.getTime()))
    throw new InvalidArgumentError(
      'Give a duration such as 90s, 30min, 2h, 7d or 2w, or an instant such as 2026-01-31T12:00:00Z.',
    );
  return instant;
}

/** @throws {InvalidArgumentError} for what is no id of a dead letter */
export function idOf(text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text))
    throw new InvalidArgumentError('Give the number that "npx prejoin dead-letters list" shows.');
  return Number(text);
}

export function addId(text: string, ids: readonly number[] | undefined): readonly number[] {
  return [...(ids ?? []), idOf(text)];
}
