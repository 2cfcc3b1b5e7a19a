import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { newId } from '#kernel';
import type { Transaction } from '#outbox';
import { insert } from '../aggregate/aggregate.js';
import { RuleError } from '../aggregate/errors.js';
import type { Outcome } from '../aggregate/outcome.js';
import { ProductRow } from './entities/product.entity.js';
import { StockRow } from './entities/stock.entity.js';
import { productResource, recordProduct, type ProductResource } from './product.js';
import { recordStock } from './stock.js';

export interface NewProduct {
  readonly id?: string | undefined;
  readonly sku: string;
  readonly name: string;
  readonly price: number;
}

export class AddProduct extends Command<Outcome<ProductResource>> {
  constructor(
    readonly tx: Transaction,
    readonly product: NewProduct,
  ) {
    super();
  }
}

/** Makes the product and its empty stock: two aggregates, two events. */
@CommandHandler(AddProduct)
export class AddProductHandler implements ICommandHandler<AddProduct> {
  async execute({ tx, product }: AddProduct): Promise<Outcome<ProductResource>> {
    const { id = newId(), sku, name, price } = product;
    const row: ProductRow = { id, version: 1, sku, name, price, discontinued: false };
    await insert(tx, ProductRow, row, {
      product_pkey: () => new RuleError('product_exists', `There is a product ${id} already.`),
      product_sku_key: () => new RuleError('sku_taken', `Another product has the SKU ${sku}.`),
    });
    const stock: StockRow = { id, version: 1, onHand: 0 };
    await tx.insert(StockRow, stock);
    const added = await recordProduct(tx, row, 'ProductAdded');
    const opened = await recordStock(tx, stock, 'StockOpened');
    return { resource: productResource(row), written: [added, opened] };
  }
}
