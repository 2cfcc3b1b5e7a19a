import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { Transaction } from '#outbox';
import { change, type ExpectedVersion } from '../aggregate/aggregate.js';
import type { Outcome } from '../aggregate/outcome.js';
import { lockCustomer, recordClosing } from './customer.js';
import { CustomerRow } from './entities/customer.entity.js';

export class CloseAccount extends Command<Outcome<null>> {
  constructor(
    readonly tx: Transaction,
    readonly id: string,
    readonly expected: ExpectedVersion,
  ) {
    super();
  }
}

const nothingPersonal = { name: '', email: '', street: '', postalCode: '', city: '', country: '' };

@CommandHandler(CloseAccount)
export class CloseAccountHandler implements ICommandHandler<CloseAccount> {
  async execute({ tx, id, expected }: CloseAccount): Promise<Outcome<null>> {
    const customer = await lockCustomer(tx, id, expected);
    const closed = await change(tx, CustomerRow, customer, { ...nothingPersonal, closedAt: new Date() });
    return { resource: null, written: [await recordClosing(tx, closed)] };
  }
}
