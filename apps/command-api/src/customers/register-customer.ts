import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { newId } from '#kernel';
import type { Transaction } from '#outbox';
import { insert } from '../aggregate/aggregate.js';
import { RuleError } from '../aggregate/errors.js';
import type { Outcome } from '../aggregate/outcome.js';
import { recordCustomer, type Address, type CustomerResource } from './customer.js';
import { CustomerRow, type Tier } from './entities/customer.entity.js';

export interface NewCustomer {
  readonly id?: string | undefined;
  readonly name: string;
  readonly email: string;
  readonly tier: Tier;
  readonly address: Address;
}

export class RegisterCustomer extends Command<Outcome<CustomerResource>> {
  constructor(
    readonly tx: Transaction,
    readonly customer: NewCustomer,
  ) {
    super();
  }
}

@CommandHandler(RegisterCustomer)
export class RegisterCustomerHandler implements ICommandHandler<RegisterCustomer> {
  async execute({ tx, customer }: RegisterCustomer): Promise<Outcome<CustomerResource>> {
    const { id = newId(), address, ...profile } = customer;
    const row: CustomerRow = {
      id,
      version: 1,
      ...profile,
      ...address,
      registeredAt: new Date(),
      closedAt: null,
    };
    await insert(tx, CustomerRow, row, {
      customer_pkey: () => new RuleError('customer_exists', `There is, or was, a customer ${id} already.`),
    });
    return recordCustomer(tx, row, 'CustomerRegistered');
  }
}
