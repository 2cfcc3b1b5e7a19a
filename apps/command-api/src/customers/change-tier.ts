import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { Transaction } from '#outbox';
import { change, type ExpectedVersion } from '../aggregate/aggregate.js';
import type { Outcome } from '../aggregate/outcome.js';
import { lockCustomer, recordCustomer, unchangedCustomer, type CustomerResource } from './customer.js';
import { CustomerRow, type Tier } from './entities/customer.entity.js';

export class ChangeTier extends Command<Outcome<CustomerResource>> {
  constructor(
    readonly tx: Transaction,
    readonly id: string,
    readonly expected: ExpectedVersion,
    readonly tier: Tier,
  ) {
    super();
  }
}

@CommandHandler(ChangeTier)
export class ChangeTierHandler implements ICommandHandler<ChangeTier> {
  async execute({ tx, id, expected, tier }: ChangeTier): Promise<Outcome<CustomerResource>> {
    const customer = await lockCustomer(tx, id, expected);
    // A PUT may be repeated: nothing happened, so nothing is published.
    if (customer.tier === tier) return unchangedCustomer(customer);
    const changed = await change(tx, CustomerRow, customer, { tier });
    return recordCustomer(tx, changed, 'CustomerTierChanged');
  }
}
