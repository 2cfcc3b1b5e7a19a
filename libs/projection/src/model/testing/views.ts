import type { AnyView } from '#views';
import * as domain from './domain.js';
import * as naive from './naive.js';

/** A view of the model with the documents that it must have, and what a later release makes of it. */
export interface ModelView {
  readonly name: string;
  readonly declared: AnyView;
  readonly naive: naive.Naive;
  readonly next: { readonly declared: AnyView; readonly naive: naive.Naive };
}

/** A view that is rebuilt without a change is rebuilt to itself. */
const unchanged = (declared: AnyView, expected: naive.Naive): ModelView => ({
  name: declared.name,
  declared,
  naive: expected,
  next: { declared, naive: expected },
});

export const modelViews: readonly ModelView[] = [
  {
    ...unchanged(domain.orderSearch, naive.naiveOrderSearch),
    next: { declared: domain.orderSearchNext, naive: naive.naiveOrderSearchNext },
  },
  {
    ...unchanged(domain.customerPage, naive.naiveCustomerPage),
    next: { declared: domain.customerPageNext, naive: naive.naiveCustomerPageNext },
  },
  unchanged(domain.confirmedOrders, naive.naiveConfirmedOrders),
  unchanged(domain.productPage, naive.naiveProductPage),
  unchanged(domain.customerOverview, naive.naiveCustomerOverview),
  unchanged(domain.productDemand, naive.naiveProductDemand),
];
