import { Inject, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import { ProjectorRuntime } from './projector-runtime.js';

/** Health and metrics around the runtime, which Nest closes when the app stops. */
@Module({})
export class ProjectorModule implements OnApplicationShutdown {
  constructor(@Inject(ProjectorRuntime) private readonly runtime: ProjectorRuntime) {}

  static of(runtime: ProjectorRuntime): DynamicModule {
    return { module: ProjectorModule, providers: [{ provide: ProjectorRuntime, useValue: runtime }] };
  }

  onApplicationShutdown(): Promise<void> {
    return this.runtime.close();
  }
}
