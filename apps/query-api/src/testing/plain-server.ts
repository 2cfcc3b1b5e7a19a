import { silentLogger, systemClock } from '#kernel';
import { bootstrapApp, type RunningApp } from '#kernel/http';
import { createReader, servedView } from '#query';
import { querySchemas, QueryModule, queryStatuses } from '#query/http';
import { memoryIndex } from '#search';
import { compile, type AnyView } from '#views';
import { Registry } from 'prom-client';
import type { OrderDocument } from './orders.js';
import { fill } from './serve.js';

/**
 * A view that holds these documents and no others, in memory, shown to everybody: what a caller should be answered who may
 * see them alone.
 */
export async function servePlain(view: AnyView, documents: readonly OrderDocument[]): Promise<RunningApp> {
  const index = memoryIndex();
  await fill(index, `${view.name}.1`, view.name, view, documents);
  const views = [servedView(compile(view), view.options)];
  const reader = createReader({
    index,
    indexPrefix: '',
    cursorSecret: 'another secret of a test',
    clock: systemClock,
    deadlineMs: 10_000,
    mostSnapshots: 100,
    logger: silentLogger,
  });
  const everything = () => ({ tenantId: '*' });
  return bootstrapApp({
    module: QueryModule.forViews({ views, reader, corsOrigins: [], guard: everything }),
    port: 0,
    host: '127.0.0.1',
    logger: silentLogger,
    shutdownTimeoutMs: 1_000,
    registry: new Registry(),
    openapi: { title: 'A plain one', description: '', version: '1', schemas: querySchemas(views) },
    dependencies: () => [],
    statusOfCode: queryStatuses,
    signals: 'off',
  });
}
