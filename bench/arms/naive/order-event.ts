/** What both forms take out of an event of an order. */
export interface OrderEvent {
  readonly version: number;
  readonly data: {
    readonly id: string;
    readonly customerId: string;
    readonly status: string;
    readonly total: number;
    readonly discount: number;
    readonly placedAt: string;
    readonly lines: readonly {
      readonly productId: string;
      readonly quantity: number;
      readonly unitPrice: number;
    }[];
  };
}

/** Takes the publisher's word for it, as who writes a consumer first does. */
export function decodeOrderEvent(body: Buffer): OrderEvent {
  return JSON.parse(body.toString('utf8')) as OrderEvent;
}

/** Something that handles the events of orders one by one; it is connected to its servers before the clock runs. */
export interface Form {
  handle(body: Buffer): Promise<void>;
  close(): Promise<void>;
}

export interface FormServers {
  readonly databaseUrl: string;
  readonly elasticsearchUrl: string;
  /** The index that it writes to, which is there. */
  readonly indexName: string;
}
