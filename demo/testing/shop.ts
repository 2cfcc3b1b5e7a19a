import type { Pool } from 'pg';
import type { Collection, Resource, World } from '../world.js';

const collectionOf: Readonly<Record<string, Collection>> = {
  customer: 'customers',
  product: 'products',
  order: 'orders',
  payment: 'payments',
  shipment: 'shipments',
};

/** What a shop's services would hold, kept beside the events that are published: the truth for a comparison. */
export interface Shop extends World {
  row(source: string, id: string): Resource | undefined;
  /** Takes a new state in, or with null a deletion; answers the version of its event. */
  write(source: string, id: string, state: Resource | null): number;
}

/** The states as they were seeded, each at version 1. */
export async function readShop(pool: Pool): Promise<Shop> {
  const resources = new Map<Collection, Map<string, Resource>>();
  const versions = new Map<string, number>();
  for (const [source, collection] of Object.entries(collectionOf)) {
    const { rows } = await pool.query<{ data: Resource }>(`SELECT data FROM copy_${source}`);
    resources.set(collection, new Map(rows.map(({ data }) => [data.id, data])));
  }
  const rowsOf = (source: string): Map<string, Resource> =>
    resources.get(collectionOf[source] as Collection) as Map<string, Resource>;
  return {
    resources,
    remember: () => {
      throw new Error('No commands are sent here.');
    },
    row: (source, id) => rowsOf(source).get(id),
    write: (source, id, state) => {
      const version = (versions.get(`${source} ${id}`) ?? 1) + 1;
      versions.set(`${source} ${id}`, version);
      if (state === null) rowsOf(source).delete(id);
      else rowsOf(source).set(id, state);
      return version;
    },
  };
}
