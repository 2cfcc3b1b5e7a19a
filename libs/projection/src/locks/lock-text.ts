import { PrejoinError } from '#kernel';
import type { Verdict } from './verdict.js';

/** One part of a lock: its name, and its text as it is. */
export interface Section {
  readonly name: string;
  readonly text: string;
}

/** A lock that was committed can not be understood. */
export class LockUnreadableError extends PrejoinError {
  constructor(file: string, reason: string, cause?: unknown) {
    super('lock_unreadable', `The lock ${file} can not be read: ${reason}.`, {
      cause,
      remedy: 'Restore the committed file, or delete it to have it written as new: npm run views:lock',
    });
  }
}

const heading = (name: string): string => `== ${name}`;
const headingPattern = /^== (.+)$/m;

/** The sections of a lock, without what its head says. */
export function bodyOf(sections: readonly Section[]): string {
  return sections.map(({ name, text }) => `${heading(name)}\n${text.trimEnd()}\n`).join('\n');
}

/** The whole file: what it is, what its last change did, and its sections. */
export function lockText(title: string, verdict: Verdict, sections: readonly Section[]): string {
  const { impact, needs, details } = verdict;
  const head = [
    `# ${title} Written by "npm run views:lock".`,
    '# The last change of this file:',
    `change: ${impact}`,
    `needs: ${needs.length === 0 ? 'nothing' : needs.join(', ')}`,
    ...details.map((detail) => `- ${detail}`),
  ];
  return `${head.join('\n')}\n\n${bodyOf(sections)}`;
}

/** Everything from the first section on. */
export function bodyIn(text: string): string {
  const at = text.search(headingPattern);
  return at < 0 ? '' : text.slice(at);
}

/** The sections by name. */
export function sectionsIn(text: string): ReadonlyMap<string, string> {
  const [, ...parts] = bodyIn(text).split(/^== /m);
  return new Map(
    parts.map((part) => {
      const end = part.indexOf('\n');
      return [part.slice(0, end), part.slice(end + 1).trimEnd()];
    }),
  );
}

/** @throws {LockUnreadableError} when the lock has no such section */
export function sectionIn(sections: ReadonlyMap<string, string>, file: string, name: string): string {
  const text = sections.get(name);
  if (text === undefined) throw new LockUnreadableError(file, `it has no section '${name}'`);
  return text;
}

/** @throws {LockUnreadableError} when the section is no JSON */
export function jsonIn(sections: ReadonlyMap<string, string>, file: string, name: string): unknown {
  const text = sectionIn(sections, file, name);
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new LockUnreadableError(file, `its section '${name}' is no JSON`, error);
  }
}

const width = 110;

/** JSON of which every value that fits on a line stands on one, so that a change of one thing is a change of one line. */
export function readableJson(value: unknown, indent = ''): string {
  const flat = flatJson(value);
  if (typeof value !== 'object' || value === null || indent.length + flat.length <= width) return flat;
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    const items = value.map((item: unknown) => `${inner}${readableJson(item, inner)}`);
    return `[\n${items.join(',\n')}\n${indent}]`;
  }
  const members = Object.entries(value).map(
    ([name, member]) => `${inner}${JSON.stringify(name)}: ${readableJson(member, inner)}`,
  );
  return `{\n${members.join(',\n')}\n${indent}}`;
}

function flatJson(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((item: unknown) => flatJson(item)).join(', ')}]`;
  const members = Object.entries(value).map(
    ([name, member]) => `${JSON.stringify(name)}: ${flatJson(member)}`,
  );
  return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`;
}
