import { Body, Controller, Delete, Get, Patch, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { bodySchema } from '#kernel/http';
import { ApiAct, ApiChange, ApiCreate, ApiRead } from '../edge/api-docs.js';
import { CommandEdge, PathId, ThisExchange, type Exchange } from '../edge/command-edge.js';
import { cents, someOf, uuid, words } from '../edge/fields.js';
import { AddProduct } from './add-product.js';
import { AdjustStock } from './adjust-stock.js';
import { ChangeProduct } from './change-product.js';
import { DiscontinueProduct } from './discontinue-product.js';
import { findProduct, type ProductResource } from './product.js';
import { findStock, type StockResource } from './stock.js';

const addProduct = bodySchema(
  {
    id: uuid.optional().describe('Chosen by the caller, or made by the server.'),
    sku: z
      .string()
      .regex(
        /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
        'must be 1 to 64 letters, digits, dots, dashes or underscores',
      ),
    name: words(200),
    price: cents.describe('In cents.'),
  },
  { sku: 'MUG-0042', name: 'Stoneware mug', price: 1995 },
);
const changeProduct = someOf(
  bodySchema({ name: words(200).optional(), price: cents.optional() }, { price: 1795 }),
);
const adjustStock = bodySchema(
  {
    delta: z
      .int()
      .min(-1_000_000)
      .max(1_000_000)
      .refine((delta) => delta !== 0, 'must not be 0')
      .describe('Pieces that came (above 0) or went (below 0).'),
    reason: words(200),
  },
  { delta: 120, reason: 'delivery' },
);

const aProduct: ProductResource = {
  id: '019a3c7e-1f00-7000-8000-000000000002',
  version: 1,
  sku: 'MUG-0042',
  name: 'Stoneware mug',
  price: 1995,
  discontinued: false,
};
const aStock: StockResource = { id: aProduct.id, version: 2, onHand: 120 };
const repriced: ProductResource = { ...aProduct, version: 2, price: 1795 };
const discontinued: ProductResource = { ...aProduct, version: 2, discontinued: true };

@ApiTags('catalog')
@Controller('products')
export class CatalogController {
  constructor(private readonly edge: CommandEdge) {}

  @Post()
  @ApiCreate({
    summary: 'Add a product, with an empty stock',
    answer: aProduct,
    problems: { 409: 'There is a product with this id or this SKU.' },
  })
  add(@Body({ schema: addProduct }) body: z.infer<typeof addProduct>, @ThisExchange() exchange: Exchange) {
    return this.edge.create(exchange, '/products', (tx) => new AddProduct(tx, body));
  }

  @Get(':id')
  @ApiRead('Read a product', aProduct)
  read(@PathId() id: string, @ThisExchange() exchange: Exchange) {
    return this.edge.read(exchange, (db) => findProduct(db, id));
  }

  @Patch(':id')
  @ApiChange({
    summary: 'Change name or price',
    answer: repriced,
    description: 'Both at once are two events, and two versions.',
    problems: { 409: 'The product is discontinued.' },
  })
  change(
    @PathId() id: string,
    @Body({ schema: changeProduct }) body: z.infer<typeof changeProduct>,
    @ThisExchange() exchange: Exchange,
  ) {
    return this.edge.change(exchange, (tx, expected) => new ChangeProduct(tx, id, expected, body));
  }

  @Delete(':id')
  @ApiChange({
    summary: 'Discontinue a product',
    answer: discontinued,
    description: 'It can still be read, since orders have it; a repeat changes nothing.',
  })
  discontinue(@PathId() id: string, @ThisExchange() exchange: Exchange) {
    return this.edge.act(exchange, (tx, expected) => new DiscontinueProduct(tx, id, expected));
  }

  @Get(':id/stock')
  @ApiRead('Read the stock of a product', aStock)
  readStock(@PathId() id: string, @ThisExchange() exchange: Exchange) {
    return this.edge.read(exchange, (db) => findStock(db, id));
  }

  @Post(':id/stock-adjustments')
  @ApiAct({
    summary: 'Adjust the stock of a product',
    answer: aStock,
    description: 'Answers with the stock, whose version and ETag are its own.',
    problems: { 409: 'There are fewer pieces than are to go.' },
  })
  adjustStock(
    @PathId() id: string,
    @Body({ schema: adjustStock }) body: z.infer<typeof adjustStock>,
    @ThisExchange() exchange: Exchange,
  ) {
    return this.edge.change(exchange, (tx, expected) => new AdjustStock(tx, id, expected, body));
  }
}
