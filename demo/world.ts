import type { Command } from './data-set.js';

export type Collection = 'customers' | 'products' | 'stock' | 'orders' | 'payments' | 'shipments';
export type Resource = Readonly<Record<string, unknown>> & { readonly id: string };

/** What the command API answered last about each resource: the truth that the served documents are compared with. */
export interface World {
  readonly resources: ReadonlyMap<Collection, ReadonlyMap<string, Resource>>;
  /** Takes in the answer to one command; no body means that the resource is gone. */
  remember(command: Command, body: Readonly<Record<string, unknown>> | null): void;
}

const collections: readonly Collection[] = [
  'customers',
  'products',
  'stock',
  'orders',
  'payments',
  'shipments',
];

export function newWorld(): World {
  const resources = new Map(collections.map((name) => [name, new Map<string, Resource>()]));
  return {
    resources,
    remember(command, body) {
      const [, first = '', id = '', action] = command.path.split('/');
      const rows = resources.get((action === 'stock-adjustments' ? 'stock' : first) as Collection);
      if (rows === undefined) throw new Error(`${command.path} is of no known collection`);
      if (body === null) rows.delete(id);
      else rows.set(typeof body['id'] === 'string' ? body['id'] : id, { id, ...body });
    },
  };
}
