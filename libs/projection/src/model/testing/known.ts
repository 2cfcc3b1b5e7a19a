import type { Sequence } from './sequence.js';

/** Sequences that ended with wrong documents once, as they were printed, each with what was wrong. */
export const known: readonly { readonly was: string; readonly sequence: Sequence }[] = [
  {
    was: 'keys were looked up inside the changing transaction',
    sequence: {
      standing: [
        {
          do: 'write',
          source: 'order',
          id: 'o1',
          state: {
            customerId: null,
            status: 'confirmed',
            total: 0,
            placedAt: '2026-01-10T10:00:00.000Z',
            lines: [],
          },
        },
        { do: 'write', source: 'product', id: 'p2', state: { name: 'Ada', replacedById: null } },
      ],
      rounds: [
        {
          commands: [
            {
              do: 'change',
              source: 'order',
              id: 'o1',
              columns: { lines: [{ productId: 'p2', quantity: 1 }] },
            },
            { do: 'change', source: 'product', id: 'p2', columns: { name: '' } },
          ],
          choices: [
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 154, 0, 0, 105, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
            0, 45, 0, 0, 4, 0, 0, 40,
          ],
        },
      ],
    },
  },
];
