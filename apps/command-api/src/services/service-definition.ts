import type { Type } from '@nestjs/common';
import type { MigrationInterface } from 'typeorm';
import type { PublishedSource } from '#outbox';
import type { ServiceName } from '../config.js';

/** One service as this app hosts it: its module (controller and command handlers) and what its own database holds. */
export interface ServiceDefinition {
  readonly name: ServiceName;
  readonly module: Type;
  /** The sources that it owns, as they are published again when that is asked for. */
  readonly publishes: readonly PublishedSource[];
  readonly entities: readonly (new () => object)[];
  readonly migrations: readonly (new () => MigrationInterface)[];
}
