import { describe, expect, it } from '@jest/globals';
import { createLogger } from './logging.js';
import { currentTrace, joinTrace, runInTrace } from './trace.js';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const spanId = '00f067aa0ba902b7';

describe('joinTrace', () => {
  it('stays in the trace of a valid header as a span of its own', () => {
    const trace = joinTrace(`00-${traceId}-${spanId}-01`);
    expect(trace.traceId).toBe(traceId);
    expect(trace.traceparent).toMatch(new RegExp(`^00-${traceId}-(?!${spanId})[0-9a-f]{16}-01$`));
  });

  it('reads the fields that it knows of a later version', () => {
    expect(joinTrace(`01-${traceId}-${spanId}-01-more`).traceId).toBe(traceId);
  });

  it.each([
    undefined,
    '',
    `ff-${traceId}-${spanId}-01`,
    `00-${'0'.repeat(32)}-${spanId}-01`,
    `00-${traceId}-${'0'.repeat(16)}-01`,
    `00-${traceId}-${spanId}-01-more`,
    `00-${traceId.toUpperCase()}-${spanId}-01`,
    `00-${traceId}-${spanId}`,
  ])('begins a trace when the header is %s', (header) => {
    const trace = joinTrace(header);
    expect(trace.traceId).not.toBe(traceId);
    expect(trace.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
  });
});

describe('runInTrace', () => {
  it('is seen by what is awaited inside, by the log, and by nothing outside', async () => {
    const lines: string[] = [];
    const logger = createLogger('test', 'info', { write: (line) => void lines.push(line) });
    const trace = joinTrace();
    await runInTrace(trace, async () => {
      await Promise.resolve();
      expect(currentTrace()).toBe(trace);
      logger.info('inside');
    });
    logger.info('outside');
    expect(currentTrace()).toBeNull();
    expect(lines.map((line) => (JSON.parse(line) as { traceId?: string }).traceId)).toEqual([
      trace.traceId,
      undefined,
    ]);
  });
});
