import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { Transaction } from '#outbox';
import { change, lock, type ExpectedVersion } from '../aggregate/aggregate.js';
import type { Outcome } from '../aggregate/outcome.js';
import { ProductRow } from './entities/product.entity.js';
import { productResource, recordProduct, unchangedProduct, type ProductResource } from './product.js';

export class DiscontinueProduct extends Command<Outcome<ProductResource>> {
  constructor(
    readonly tx: Transaction,
    readonly id: string,
    readonly expected: ExpectedVersion,
  ) {
    super();
  }
}

/** The product leaves the catalog but not the orders that have it, so it is marked rather than deleted. */
@CommandHandler(DiscontinueProduct)
export class DiscontinueProductHandler implements ICommandHandler<DiscontinueProduct> {
  async execute({ tx, id, expected }: DiscontinueProduct): Promise<Outcome<ProductResource>> {
    const product = await lock(tx, ProductRow, 'product', id, expected);
    // A DELETE may be repeated: nothing happened, so nothing is published.
    if (product.discontinued) return unchangedProduct(product);
    const discontinued = await change(tx, ProductRow, product, { discontinued: true });
    const written = await recordProduct(tx, discontinued, 'ProductDiscontinued');
    return { resource: productResource(discontinued), written: [written] };
  }
}
