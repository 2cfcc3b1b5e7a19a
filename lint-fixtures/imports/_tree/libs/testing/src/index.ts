import { now } from '#kernel';
import { expect } from '@jest/globals';
import { bringUp } from '../../../stack/bring-up.js';

export const createTestSpace = (): unknown => [now, expect, bringUp];
