import { Body, Controller, Delete, Get, Patch, Post, Put } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { bodySchema } from '#kernel/http';
import { ApiChange, ApiCreate, ApiRead } from '../edge/api-docs.js';
import { CommandEdge, PathId, ThisExchange, type Exchange } from '../edge/command-edge.js';
import { someOf, uuid, words } from '../edge/fields.js';
import { ChangeProfile } from './change-profile.js';
import { ChangeTier } from './change-tier.js';
import { CloseAccount } from './close-account.js';
import { findCustomer, type CustomerResource } from './customer.js';
import { RegisterCustomer } from './register-customer.js';

const tier = z.enum(['basic', 'silver', 'gold']);
const address = z.strictObject({
  street: words(200),
  postalCode: words(20),
  city: words(100),
  country: z.string().regex(/^[A-Z]{2}$/, 'must be a country code of two capital letters (ISO 3166-1)'),
});
const profile = { name: words(200), email: z.email().max(254), address };
const anAddress = { street: 'Oudegracht 12', postalCode: '3511 AM', city: 'Utrecht', country: 'NL' };

const registerCustomer = bodySchema(
  {
    id: uuid.optional().describe('Chosen by the caller, or made by the server.'),
    ...profile,
    tier: tier.default('basic'),
  },
  { name: 'Noor de Wit', email: 'noor@example.com', tier: 'silver', address: anAddress },
);
const changeProfile = someOf(bodySchema(z.object(profile).partial().shape, { name: 'Noor Bakker' }));
const changeTier = bodySchema({ tier }, { tier: 'gold' });

const aCustomer: CustomerResource = {
  id: '019a3c7e-1f00-7000-8000-000000000001',
  version: 1,
  name: 'Noor de Wit',
  email: 'noor@example.com',
  tier: 'silver',
  address: anAddress,
  registeredAt: '2026-05-31T14:00:00.000Z',
};
const renamed: CustomerResource = { ...aCustomer, version: 2, name: 'Noor Bakker' };
const promoted: CustomerResource = { ...aCustomer, version: 2, tier: 'gold' };

@ApiTags('customers')
@Controller('customers')
export class CustomersController {
  constructor(private readonly edge: CommandEdge) {}

  @Post()
  @ApiCreate({
    summary: 'Register a customer',
    answer: aCustomer,
    problems: { 409: 'There is, or was, a customer with this id.' },
  })
  register(
    @Body({ schema: registerCustomer }) body: z.infer<typeof registerCustomer>,
    @ThisExchange() exchange: Exchange,
  ) {
    return this.edge.create(exchange, '/customers', (tx) => new RegisterCustomer(tx, body));
  }

  @Get(':id')
  @ApiRead('Read a customer', aCustomer)
  read(@PathId() id: string, @ThisExchange() exchange: Exchange) {
    return this.edge.read(exchange, (db) => findCustomer(db, id));
  }

  @Patch(':id')
  @ApiChange({
    summary: 'Change name, email or address',
    answer: renamed,
    description: 'What is left out stays as it is.',
  })
  changeProfile(
    @PathId() id: string,
    @Body({ schema: changeProfile }) body: z.infer<typeof changeProfile>,
    @ThisExchange() exchange: Exchange,
  ) {
    return this.edge.change(exchange, (tx, expected) => new ChangeProfile(tx, id, expected, body));
  }

  @Put(':id/tier')
  @ApiChange({ summary: 'Move a customer to a tier', answer: promoted })
  changeTier(
    @PathId() id: string,
    @Body({ schema: changeTier }) body: z.infer<typeof changeTier>,
    @ThisExchange() exchange: Exchange,
  ) {
    return this.edge.change(exchange, (tx, expected) => new ChangeTier(tx, id, expected, body.tier));
  }

  @Delete(':id')
  @ApiChange({
    summary: 'Close an account',
    description: 'Erases what is personal. The id stays taken.',
    answer: null,
  })
  close(@PathId() id: string, @ThisExchange() exchange: Exchange) {
    return this.edge.act(exchange, (tx, expected) => new CloseAccount(tx, id, expected));
  }
}
