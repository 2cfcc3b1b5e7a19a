import { Module } from '@nestjs/common';
import { now } from '../now.js';

@Module({ providers: [{ provide: 'now', useValue: now }] })
export class KernelHttpModule {}
