import { Module } from '@nestjs/common';
import type { ServiceDefinition } from '../services/service-definition.js';
import { AddProductHandler } from './add-product.js';
import { AdjustStockHandler } from './adjust-stock.js';
import { CatalogController } from './catalog.controller.js';
import { ChangeProductHandler } from './change-product.js';
import { DiscontinueProductHandler } from './discontinue-product.js';
import { ProductRow } from './entities/product.entity.js';
import { StockAdjustmentRow } from './entities/stock-adjustment.entity.js';
import { StockRow } from './entities/stock.entity.js';
import { CreateCatalog1763000000000 } from './migrations/create-catalog.js';
import { publishedProducts } from './product.js';
import { publishedStock } from './stock.js';

@Module({
  controllers: [CatalogController],
  providers: [AddProductHandler, ChangeProductHandler, DiscontinueProductHandler, AdjustStockHandler],
})
export class CatalogModule {}

export const catalog: ServiceDefinition = {
  name: 'catalog',
  module: CatalogModule,
  entities: [ProductRow, StockRow, StockAdjustmentRow],
  publishes: [publishedProducts, publishedStock],
  migrations: [CreateCatalog1763000000000],
};
