import { Inject, Module, type DynamicModule, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { StatusOfCode } from '#kernel/http';
import type { Plan } from '#views';
import type { Reader } from '../reader.js';
import { servedView } from '../served-view.js';
import { READER, UnknownViewController, viewController, ViewsController, VIEWS } from './view.controller.js';

export interface QueryModuleOptions {
  /** The compiled plans of the views that are served. */
  readonly plans: readonly Plan[];
  readonly reader: Reader;
  /** The origins whose pages may read the answers; `*` is any. Empty: none but the server's own. */
  readonly corsOrigins: readonly string[];
}

const CORS_ORIGINS = Symbol('origins that may read');

/** The query API of some views: `GET /views`, and list, get and `_fields` of each. */
@Module({})
export class QueryModule implements OnModuleInit {
  constructor(
    private readonly host: HttpAdapterHost,
    @Inject(CORS_ORIGINS) private readonly origins: readonly string[],
  ) {}

  static forViews({ plans, reader, corsOrigins }: QueryModuleOptions): DynamicModule {
    const views = plans.map(servedView);
    return {
      module: QueryModule,
      controllers: [ViewsController, ...views.map(viewController), UnknownViewController],
      providers: [
        { provide: READER, useValue: reader },
        { provide: VIEWS, useValue: views },
        { provide: CORS_ORIGINS, useValue: corsOrigins },
      ],
    };
  }

  onModuleInit(): void {
    if (this.origins.length === 0) return;
    this.host.httpAdapter.enableCors({
      origin: this.origins.includes('*') ? '*' : [...this.origins],
      methods: ['GET', 'HEAD'],
      // A browser hides from its page what is not listed here.
      exposedHeaders: ['ETag', 'Retry-After', 'X-Request-Id', 'Prejoin-Lag-Ms'],
      maxAge: 3_600,
    });
  }
}

/** The HTTP statuses of what reading can throw, for `bootstrapApp`. */
export const queryStatuses: StatusOfCode = {
  search_unavailable: 503,
  index_missing: 503,
  search_timeout: 504,
  // The caller is gone: nobody reads this, but logs and metrics tell it from a fault of ours.
  search_cancelled: 499,
};
