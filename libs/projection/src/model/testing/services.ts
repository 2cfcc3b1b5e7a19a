import type { Envelope } from '#messaging';
import { eventOf } from '../../testing/deliveries.js';
import type { Shop, SourceName } from './domain.js';

export type State = Readonly<Record<string, unknown>>;

/**
 * What somebody asks the service that owns a row to do. `write` makes the row or replaces it whole, `change` sets
 * columns of a row that is there: a rename, another parent, a cancellation. No order of commands is enforced over the
 * services, as nothing enforces one in life: a payment may come before its order, and outlive it.
 */
export type Command =
  | { readonly do: 'write'; readonly source: SourceName; readonly id: string; readonly state: State }
  | { readonly do: 'change'; readonly source: SourceName; readonly id: string; readonly columns: State }
  | { readonly do: 'delete'; readonly source: SourceName; readonly id: string };

/** The services that own the rows: each keeps its rows with their versions, and publishes whole states. */
export class Services {
  readonly #rows = new Map<string, { readonly version: number; readonly state: State | null }>();

  /** Ids and references begin with the prefix, so that several shops can share one projection. */
  constructor(private readonly prefix = '') {}

  /** The event that the command publishes; null when the service refuses it. */
  execute(command: Command): Envelope | null {
    const { source } = command;
    const id = `${this.prefix}${command.id}`;
    const known = this.#rows.get(`${source} ${id}`) ?? { version: 0, state: null };
    const state = this.#after(command, known.state);
    if (state === undefined) return null;
    const version = known.version + 1;
    this.#rows.set(`${source} ${id}`, { version, state: state === null ? null : { ...state, id } });
    return eventOf(source, id, version, state);
  }

  /** All rows that are not deleted. */
  shop(): Shop {
    return {
      customer: this.#of('customer'),
      product: this.#of('product'),
      stock: this.#of('stock'),
      order: this.#of('order'),
      payment: this.#of('payment'),
      shipment: this.#of('shipment'),
    };
  }

  /** The row's next state: null deletes it, undefined refuses the command. */
  #after(command: Command, before: State | null): State | null | undefined {
    if (command.do === 'delete') return before === null ? undefined : null;
    if (command.do === 'change' && before === null) return undefined;
    const columns = command.do === 'write' ? command.state : command.columns;
    const state = { ...before, ...(withPrefix(columns, this.prefix) as State) };
    return command.source === 'payment' && this.#isPaid(state['orderId'], `${this.prefix}${command.id}`)
      ? undefined
      : state;
  }

  /** The payments service holds a unique key: which of two payments an order shows is nothing that order decides. */
  #isPaid(orderId: unknown, byOtherThan: string): boolean {
    return this.#of('payment').some((payment) => payment.orderId === orderId && payment.id !== byOtherThan);
  }

  #of<S extends SourceName>(source: S): Shop[S] {
    const rows = [...this.#rows]
      .filter(([key, { state }]) => key.startsWith(`${source} `) && state !== null)
      .map(([, { state }]) => state);
    // The commands are generated with the columns that the source declares.
    return rows as readonly unknown[] as Shop[S];
  }
}

/** References are the columns whose names end so; `id` itself is set apart. */
function withPrefix(value: unknown, prefix: string, column = ''): unknown {
  if (Array.isArray(value)) return value.map((item) => withPrefix(item, prefix, column));
  if (typeof value === 'string') return /Ids?$/.test(column) ? prefix + value : value;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, held]) => [name, withPrefix(held, prefix, name)]),
  );
}
