import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { Transaction } from '#outbox';
import { change, lock, type ExpectedVersion } from '../aggregate/aggregate.js';
import { RuleError } from '../aggregate/errors.js';
import type { Outcome } from '../aggregate/outcome.js';
import { StockAdjustmentRow } from './entities/stock-adjustment.entity.js';
import { StockRow } from './entities/stock.entity.js';
import { recordStock, stockResource, type StockResource } from './stock.js';

export interface StockAdjustment {
  /** Pieces that came (above 0) or went. */
  readonly delta: number;
  readonly reason: string;
}

export class AdjustStock extends Command<Outcome<StockResource>> {
  constructor(
    readonly tx: Transaction,
    readonly id: string,
    readonly expected: ExpectedVersion,
    readonly adjustment: StockAdjustment,
  ) {
    super();
  }
}

@CommandHandler(AdjustStock)
export class AdjustStockHandler implements ICommandHandler<AdjustStock> {
  async execute({ tx, id, expected, adjustment }: AdjustStock): Promise<Outcome<StockResource>> {
    const { delta, reason } = adjustment;
    const stock = await lock(tx, StockRow, 'stock', id, expected);
    const onHand = stock.onHand + delta;
    if (onHand < 0) {
      throw new RuleError(
        'stock_insufficient',
        `There are ${stock.onHand} pieces of product ${id}; ${-delta} can not go.`,
      );
    }
    const adjusted = await change(tx, StockRow, stock, { onHand });
    await tx.insert(StockAdjustmentRow, {
      productId: id,
      version: adjusted.version,
      delta,
      reason,
      adjustedAt: new Date(),
    });
    const written = await recordStock(tx, adjusted, 'StockAdjusted');
    return { resource: stockResource(adjusted), written: [written] };
  }
}
