import { Module } from '@nestjs/common';
import type { ServiceDefinition } from '../services/service-definition.js';
import { ChangeProfileHandler } from './change-profile.js';
import { ChangeTierHandler } from './change-tier.js';
import { CloseAccountHandler } from './close-account.js';
import { CustomersController } from './customers.controller.js';
import { CustomerRow } from './entities/customer.entity.js';
import { CreateCustomers1763000000000 } from './migrations/create-customers.js';
import { RegisterCustomerHandler } from './register-customer.js';
import { publishedCustomers } from './customer.js';

@Module({
  controllers: [CustomersController],
  providers: [RegisterCustomerHandler, ChangeProfileHandler, ChangeTierHandler, CloseAccountHandler],
})
export class CustomersModule {}

export const customers: ServiceDefinition = {
  name: 'customers',
  module: CustomersModule,
  entities: [CustomerRow],
  publishes: [publishedCustomers],
  migrations: [CreateCustomers1763000000000],
};
