import { runApp } from '#kernel/http';
import { readQueryApiConfig } from '../../apps/query-api/src/config.js';
import { startQueryApi } from '../../apps/query-api/src/start.js';
import { guardedOrders, TENANT_HEADER } from '../guarded-orders.js';

/** The query API as a host with tenants runs it: a process of its own, with everything on. */
const start = () =>
  startQueryApi(readQueryApiConfig(), {
    views: [guardedOrders],
    guard: ({ headers }) => {
      const tenant = headers[TENANT_HEADER];
      return typeof tenant === 'string' ? { tenantId: tenant } : null;
    },
  });

process.exit(await runApp(start));
