import { expect, test } from '@jest/globals';
import { signatureOf } from './signature.js';

test('a signature is the HMAC-SHA256 of the text, as RFC 4231 has it in its second test case', () => {
  const right = '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843';
  expect(signatureOf('what do ya want for nothing?', 'Jefe')).toBe(
    Buffer.from(right, 'hex').toString('base64url'),
  );
});
