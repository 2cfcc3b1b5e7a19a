/** What the services answer, as JSON: dates are texts, and what an order has none of is not among the answers. */
export interface OrderAnswer {
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
}

export interface CustomerAnswer {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly tier: string;
  readonly city: string;
  readonly country: string;
}

export interface ProductAnswer {
  readonly id: string;
  readonly sku: string;
  readonly name: string;
}

export interface PaymentAnswer {
  readonly orderId: string;
  readonly status: string;
  readonly paidAt: string | null;
}

export interface ShipmentAnswer {
  readonly orderId: string;
  readonly status: string;
  readonly carrier: string;
  readonly trackingCode: string | null;
  readonly shippedAt: string | null;
  readonly deliveredAt: string | null;
}
