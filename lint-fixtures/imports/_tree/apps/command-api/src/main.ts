import { KernelHttpModule } from '#kernel/http';
import { append } from '#outbox';
import { DataSource } from 'typeorm';

export const commandApi = { KernelHttpModule, append, DataSource };
