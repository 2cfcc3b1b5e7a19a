import { Inject, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import { CommandBus, CqrsModule } from '@nestjs/cqrs';
import { CommandEdge } from './edge/command-edge.js';
import type { ServiceRuntime } from './services/service-runtime.js';

const runtimes = Symbol('runtimes');

/** The hosted services side by side: each module has an edge of its own, which is its only way to its database. */
@Module({})
export class CommandApiModule implements OnApplicationShutdown {
  constructor(@Inject(runtimes) private readonly services: readonly ServiceRuntime[]) {}

  static of(services: readonly ServiceRuntime[]): DynamicModule {
    return {
      module: CommandApiModule,
      imports: [CqrsModule.forRoot(), ...services.map(serviceModule)],
      providers: [{ provide: runtimes, useValue: services }],
    };
  }

  /** After the last request has its answer, so that its event may still go out. */
  async onApplicationShutdown(): Promise<void> {
    await Promise.all(this.services.map((service) => service.close()));
  }
}

function serviceModule(runtime: ServiceRuntime): DynamicModule {
  return {
    module: runtime.definition.module,
    providers: [
      {
        provide: CommandEdge,
        useFactory: (bus: CommandBus) => new CommandEdge(runtime, bus),
        inject: [CommandBus],
      },
    ],
  };
}
