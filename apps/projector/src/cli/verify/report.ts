import { readFileSync } from 'node:fs';
import { messageOf } from '#kernel';
import {
  differenceKinds,
  type Difference,
  type DifferenceKind,
  type GenerationState,
  type Verified,
} from '#projection';
import { UsageError } from '../usage-error.js';

/** What `prejoin verify --json` prints, and `prejoin repair --report` reads. */
export interface VerifyReport {
  readonly report: 'prejoin verify';
  /** Raised when a reader of the old form would misread the new one. */
  readonly format: 1;
  readonly environment: string;
  readonly startedAt: string;
  readonly verdict: ReportVerdict;
  readonly views: readonly ViewReport[];
}

/** `unknown`: nothing is known to be different, and not all could be told. */
export type ReportVerdict = 'equal' | 'different' | 'unknown';

export type ViewReport = VerifiedView | UnseenView;

export interface VerifiedView extends Verified {
  readonly view: string;
  readonly generation: number;
  readonly state: GenerationState;
  readonly index: string;
  readonly fingerprint: string;
  /** How many roots were asked for when only some were looked at. */
  readonly sample: number | null;
  readonly seconds: number;
  readonly documentsPerSecond: number;
}

/** A view that could not be compared at all. */
export interface UnseenView {
  readonly view: string;
  readonly verdict: 'unseen';
  readonly problem: string;
  readonly remedy: string | null;
}

/** A difference counts for more than what could not be told: it is there whatever the rest is like. */
export function verdictOf(views: readonly ViewReport[]): ReportVerdict {
  if (views.some(({ verdict }) => verdict === 'different')) return 'different';
  return views.every(({ verdict }) => verdict === 'equal') ? 'equal' : 'unknown';
}

/** The file is no report, or not one of this view. */
export class ReportUnfitError extends UsageError {
  constructor(detail: string, cause?: unknown) {
    super('report_unfit', detail, {
      cause,
      remedy: 'Make one with: npx prejoin verify <view> --json >report.json',
    });
  }
}

/** What a report says of one view. */
export interface ReportedDifferences {
  readonly generation: number;
  readonly index: string;
  readonly ids: readonly string[];
  /** More were counted than the report lists. */
  readonly isCut: boolean;
}

/** Reads what a report says of a view. @throws {ReportUnfitError} when it is none, or says nothing of the view */
export function readReport(path: string, view: string): ReportedDifferences {
  const report = parse(path);
  const found = report.views.find((one) => one.view === view);
  if (found === undefined)
    throw new ReportUnfitError(
      `${path} is a report about ${report.views.map((one) => one.view).join(', ') || 'no view'}, not about ${view}.`,
    );
  if (!('differences' in found))
    throw new ReportUnfitError(`${path} says that view ${view} could not be compared: ${found.problem}`);
  const { generation, index, differences, counts } = found;
  return {
    generation,
    index,
    ids: differences.map(({ id }) => id),
    isCut: Object.values(counts).reduce((sum, count) => sum + count, 0) > differences.length,
  };
}

function parse(path: string): VerifyReport {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new ReportUnfitError(`${path} can not be read as a report: ${messageOf(error)}`, error);
  }
  if (!isReport(value)) throw new ReportUnfitError(`${path} is no report of "prejoin verify --json".`);
  return value;
}

type Fields = Readonly<Record<string, unknown>>;

function isReport(value: unknown): value is VerifyReport {
  return (
    isFields(value) &&
    value['report'] === 'prejoin verify' &&
    value['format'] === 1 &&
    Array.isArray(value['views']) &&
    value['views'].every(isViewReport)
  );
}

function isViewReport(value: unknown): value is ViewReport {
  if (!isFields(value) || typeof value['view'] !== 'string') return false;
  if (value['verdict'] === 'unseen') return typeof value['problem'] === 'string';
  return (
    typeof value['generation'] === 'number' &&
    typeof value['index'] === 'string' &&
    isFields(value['counts']) &&
    Object.values(value['counts']).every((count) => typeof count === 'number') &&
    Array.isArray(value['differences']) &&
    value['differences'].every(isDifference)
  );
}

function isDifference(value: unknown): value is Difference {
  return (
    isFields(value) &&
    typeof value['id'] === 'string' &&
    differenceKinds.includes(value['kind'] as DifferenceKind)
  );
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
