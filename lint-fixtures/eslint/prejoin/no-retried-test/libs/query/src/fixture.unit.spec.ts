import { jest } from '@jest/globals';

jest.retryTimes(3); // refused
jest.setTimeout(10_000);
