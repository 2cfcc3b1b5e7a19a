import { expect, test } from '@jest/globals';
import { createHmac } from 'node:crypto';
import { signatureOf } from './signature.js';

test.each(['', 'short', 'é'.repeat(32), 'x'.repeat(64), 'x'.repeat(65), 'long '.repeat(100)])(
  'a signature with the secret %j is the HMAC-SHA256 of the text',
  (secret) => {
    for (const text of ['', 'a text', '😀'.repeat(1_000)])
      for (let twice = 0; twice < 2; twice += 1)
        expect(signatureOf(text, secret)).toBe(createHmac('sha256', secret).update(text).digest('base64url'));
  },
);
