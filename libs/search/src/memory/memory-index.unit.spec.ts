import { searchIndexContract } from '../search-index.contract.js';
import { countingContract } from '../counting.contract.js';
import { searchingContract } from '../searching.contract.js';
import type { ContractSubject } from '../search-index.contract.js';
import { memoryIndex } from './memory-index.js';

const open = (): Promise<ContractSubject> => {
  const index = memoryIndex();
  return Promise.resolve({ index, prefix: 'memory-', dispose: () => index.close() });
};

searchIndexContract('The memory index', open);
searchingContract('The memory index', open);
countingContract('The memory index', open);
