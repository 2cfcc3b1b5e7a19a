import { newId, openPool, silentLogger } from '#kernel';
import { busNames, connectPublisher, eventTopology } from '#messaging';
import { inTransaction, startRelay } from '#outbox';
import { aliasName } from '#projection';
import { PlaceOrder, PlaceOrderHandler } from '../../apps/command-api/src/orders/place-order.js';
import { allServices } from '../../apps/command-api/src/services/all-services.js';
import { connectDataSource } from '../../apps/command-api/src/services/data-source.js';
import { migrateService } from '../../apps/command-api/src/services/migrate-service.js';
import type { Place } from './projecting.js';
import { watchReadable, type Readable } from './readable.js';
import { startProjectionProcess, type Role } from './projection-process.js';

/** The whole way from a service's transaction to the index: service and relay in this process, the projector in its own. */
export interface Flow extends Place {
  readonly readable: Readable;
  /** Places an order and looks for its document from the moment that it was committed. */
  readonly place: () => Promise<void>;
}

/** As many connections as a service has by default. */
export const writers = 8;

export async function onFlow<T>(
  place: Place,
  projector: Exclude<Role, 'rebuild'>,
  use: (flow: Flow) => Promise<T>,
): Promise<T> {
  const { space, bed } = place;
  const { orders } = allServices;
  const { serviceDatabaseUrl: url, busPrefix, rabbitmqUrl } = space;
  await bed.seed({ orders: 0, customers: 1 });
  await migrateService(orders, url, silentLogger);
  const database = await connectDataSource(orders, {
    url,
    poolSize: writers,
    use: 'commands',
    logger: silentLogger,
  });
  const pool = openPool({ connectionString: url, max: 4 });
  const exchange = busNames(busPrefix).events;
  const publisher = connectPublisher({
    url: rabbitmqUrl,
    exchange,
    topology: eventTopology(busPrefix),
    logger: silentLogger,
  });
  const relay = startRelay({ pool, publisher, logger: silentLogger });
  const projecting = await startProjectionProcess(projector, space);
  const readable = watchReadable(bed.index, aliasName(space.indexPrefix, bed.plan.view));
  const handler = new PlaceOrderHandler();
  try {
    return await use({
      ...place,
      readable,
      place: async () => {
        const id = newId();
        const line = { productId: newId(), quantity: 1, unitPrice: 1_000 };
        const order = { id, customerId: newId(), lines: [line, line], discount: 0 };
        await inTransaction(database, (tx) => handler.execute(new PlaceOrder(tx, order)));
        readable.expect(id);
        relay.wake();
      },
    });
  } finally {
    await relay.close();
    await publisher.close();
    await projecting.stop();
    await readable.stop();
    await Promise.all([pool.end(), database.destroy()]);
  }
}
