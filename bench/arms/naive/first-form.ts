import { Client } from '@elastic/elasticsearch';
import { DataSource } from 'typeorm';
import { naiveEntities, OrderEntity } from './entities.js';
import { decodeOrderEvent, type Form, type FormServers } from './order-event.js';

const relations = { customer: true, lines: { product: true }, payment: true, shipment: true } as const;

/**
 * What a team writes first: save the row, find it with its relations, index the document, acknowledge. Its find is one
 * query, since `findOne` would make two of it.
 */
export async function openFirstForm({
  databaseUrl,
  elasticsearchUrl,
  indexName,
}: FormServers): Promise<Form> {
  const database = new DataSource({ type: 'postgres', url: databaseUrl, entities: naiveEntities });
  await database.initialize();
  const client = new Client({ node: elasticsearchUrl });
  const orders = database.getRepository(OrderEntity);
  return {
    handle: async (body) => {
      const { version, data } = decodeOrderEvent(body);
      const { id } = data;
      await orders.save({
        ...data,
        version,
        lines: data.lines.map((line, i) => ({ orderId: id, line: i + 1, ...line })),
      });
      const [order] = await orders.find({ where: { id }, relations, order: { lines: { line: 'ASC' } } });
      if (order === undefined) throw new Error(`Order ${id} is not there any more.`);
      await client.index({ index: indexName, id, document: documentOf(order) });
    },
    close: async () => {
      await client.close();
      await database.destroy();
    },
  };
}

function documentOf({ customer, lines, payment, shipment, ...order }: OrderEntity): object {
  return {
    id: order.id,
    status: order.status,
    total: order.total,
    discount: order.discount,
    placedAt: order.placedAt,
    customer,
    lines: lines.map(({ quantity, unitPrice, product }) => ({ quantity, unitPrice, product })),
    payment: payment && { status: payment.status, paidAt: payment.paidAt },
    shipment: shipment && {
      status: shipment.status,
      carrier: shipment.carrier,
      trackingCode: shipment.trackingCode,
      shippedAt: shipment.shippedAt,
      deliveredAt: shipment.deliveredAt,
    },
    net: order.total - order.discount,
  };
}
