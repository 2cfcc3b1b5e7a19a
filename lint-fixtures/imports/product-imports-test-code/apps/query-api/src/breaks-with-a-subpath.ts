export { domains } from '#views/testing';
