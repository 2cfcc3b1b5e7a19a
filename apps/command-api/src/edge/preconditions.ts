import { entityTags, invalidRequest } from '#kernel/http';
import type { ExpectedVersion } from '../aggregate/aggregate.js';

/** The entity tag of a version: strong, since a version has one representation. */
export function etagOf(version: number): string {
  return `"${version}"`;
}

const list = /^\s*(?:W\/)?"[^"]*"(?:\s*,\s*(?:W\/)?"[^"]*")*\s*$/;
const strongVersion = /^"([1-9]\d{0,15})"$/;

/**
 * The versions that an `If-Match` header accepts (RFC 9110, section 13.1.1). A tag that is weak, or that this API never
 * gave, matches nothing.
 * @throws {ProblemError} 400 for what is no list of entity tags
 */
export function expectedVersion(header: string | undefined): ExpectedVersion {
  if (header === undefined || header.trim() === '*') return 'any';
  if (!list.test(header)) {
    const detail = 'must be * or a list of entity tags in double quotes, such as "3"';
    throw invalidRequest([{ parameter: 'If-Match', code: 'if_match_invalid', detail }]);
  }
  return entityTags(header).flatMap((tag) => {
    const [, version] = strongVersion.exec(tag) ?? [];
    return version === undefined ? [] : [Number(version)];
  });
}
