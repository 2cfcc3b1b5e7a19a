import { createHmac } from 'node:crypto';

/** HMAC-SHA256 (RFC 2104) of a text, as base64url. */
export function signatureOf(text: string, secret: string): string {
  return createHmac('sha256', secret).update(text).digest('base64url');
}
