import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { Transaction } from '#outbox';
import { change, type ExpectedVersion } from '../aggregate/aggregate.js';
import type { Outcome } from '../aggregate/outcome.js';
import { lockCustomer, recordCustomer, type Address, type CustomerResource } from './customer.js';
import { CustomerRow } from './entities/customer.entity.js';

/** What is left out stays as it is; an address is replaced whole. */
export interface ProfileChanges {
  readonly name?: string | undefined;
  readonly email?: string | undefined;
  readonly address?: Address | undefined;
}

export class ChangeProfile extends Command<Outcome<CustomerResource>> {
  constructor(
    readonly tx: Transaction,
    readonly id: string,
    readonly expected: ExpectedVersion,
    readonly changes: ProfileChanges,
  ) {
    super();
  }
}

@CommandHandler(ChangeProfile)
export class ChangeProfileHandler implements ICommandHandler<ChangeProfile> {
  async execute({ tx, id, expected, changes }: ChangeProfile): Promise<Outcome<CustomerResource>> {
    const customer = await lockCustomer(tx, id, expected);
    const { name = customer.name, email = customer.email, address } = changes;
    const changed = await change(tx, CustomerRow, customer, { name, email, ...address });
    return recordCustomer(tx, changed, 'CustomerProfileChanged');
  }
}
