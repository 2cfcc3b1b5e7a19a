import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { Transaction } from '#outbox';
import { change, lock, type ExpectedVersion } from '../aggregate/aggregate.js';
import { RuleError } from '../aggregate/errors.js';
import type { Outcome, Written } from '../aggregate/outcome.js';
import { ProductRow } from './entities/product.entity.js';
import { productResource, recordProduct, type ProductResource } from './product.js';

/** What is left out stays as it is. */
export interface ProductChanges {
  readonly name?: string | undefined;
  readonly price?: number | undefined;
}

export class ChangeProduct extends Command<Outcome<ProductResource>> {
  constructor(
    readonly tx: Transaction,
    readonly id: string,
    readonly expected: ExpectedVersion,
    readonly changes: ProductChanges,
  ) {
    super();
  }
}

/** A new name and a new price are two things that happened: two events, two versions. */
@CommandHandler(ChangeProduct)
export class ChangeProductHandler implements ICommandHandler<ChangeProduct> {
  async execute({
    tx,
    id,
    expected,
    changes: { name, price },
  }: ChangeProduct): Promise<Outcome<ProductResource>> {
    let product = await lock(tx, ProductRow, 'product', id, expected);
    if (product.discontinued)
      throw new RuleError('product_discontinued', `The product ${id} is discontinued.`);
    const written: Written[] = [];
    if (name !== undefined) {
      product = await change(tx, ProductRow, product, { name });
      written.push(await recordProduct(tx, product, 'ProductRenamed'));
    }
    if (price !== undefined) {
      product = await change(tx, ProductRow, product, { price });
      written.push(await recordProduct(tx, product, 'ProductPriceChanged'));
    }
    return { resource: productResource(product), written };
  }
}
