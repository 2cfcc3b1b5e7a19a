import { busNames, maxIdsAsked, maxRangesAsked } from '#messaging';
import type { ServiceSide } from '#projection';
import { askOnce, type Asked } from '../resync/ask-service.js';

/** The owner of a source, asked over the broker. Every call may throw what `askOnce` throws. */
export function serviceSide(asked: Asked, busPrefix: string, contents: boolean): ServiceSide {
  return {
    limits: { ranges: maxRangesAsked, ids: maxIdsAsked },
    checksums: (ranges) => askOnce(asked, { kind: 'checksum', ranges, contents }),
    list: (range, limit) => askOnce(asked, { kind: 'versions', of: { range, limit }, contents }),
    of: (ids) => askOnce(asked, { kind: 'versions', of: { ids }, contents }),
    backlog: () => asked.requester.waiting(busNames(busPrefix).projectorQueue),
  };
}
