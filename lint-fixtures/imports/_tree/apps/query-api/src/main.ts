import { query } from '#query';
import { NestFactory } from '@nestjs/core';

export const queryApi = { query, NestFactory };
