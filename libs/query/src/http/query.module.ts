import { Inject, Module, type DynamicModule, type OnModuleInit, type Type } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { StatusOfCode } from '#kernel/http';
import type { FastifyInstance } from 'fastify';
import type { Reader } from '../reader.js';
import type { ServedView } from '../served-view.js';
import { allowOrigins } from './cors.js';
import { figuresController } from './figures.controller.js';
import { guardsOf, type GuardResolver } from './guards.js';
import { GUARDS, READER, VIEWS } from './tokens.js';
import { UnknownViewController, viewController, ViewsController } from './view.controller.js';

export interface QueryModuleOptions {
  readonly views: readonly ServedView[];
  readonly reader: Reader;
  /** The origins whose pages may read the answers; `*` is any. Empty: none but the server's own. */
  readonly corsOrigins: readonly string[];
  /** Says whose documents a caller may see; required when a view is guarded. */
  readonly guard?: GuardResolver | undefined;
}

const CORS_ORIGINS = Symbol('origins that may read');

/** The query API of some views: `GET /views`, and all operations of each. */
@Module({})
export class QueryModule implements OnModuleInit {
  constructor(
    private readonly host: HttpAdapterHost,
    @Inject(CORS_ORIGINS) private readonly origins: readonly string[],
  ) {}

  /** @throws {GuardUnresolvedError} when a view is guarded and there is no `guard` */
  static forViews({ views, reader, corsOrigins, guard }: QueryModuleOptions): DynamicModule {
    return {
      module: QueryModule,
      controllers: [ViewsController, ...views.flatMap(controllersOf), UnknownViewController],
      providers: [
        { provide: READER, useValue: reader },
        { provide: VIEWS, useValue: views },
        { provide: GUARDS, useValue: guardsOf(views, guard) },
        { provide: CORS_ORIGINS, useValue: corsOrigins },
      ],
    };
  }

  onModuleInit(): void {
    if (this.origins.length === 0) return;
    allowOrigins(this.host.httpAdapter.getInstance<FastifyInstance>(), this.origins);
  }
}

/** Under its own name, and under the one that it had before. */
function controllersOf(view: ServedView): Type[] {
  return [view.name, ...(view.was === null ? [] : [view.was])].flatMap((name) => [
    viewController(view, name),
    figuresController(view, name),
  ]);
}

/** The HTTP statuses of what reading can throw, for `bootstrapApp`. */
export const queryStatuses: StatusOfCode = {
  guard_missing: 403,
  search_unavailable: 503,
  index_missing: 503,
  snapshot_expired: 410,
  search_timeout: 504,
  // The caller is gone: nobody reads this, but logs and metrics tell it from a fault of ours.
  search_cancelled: 499,
};
