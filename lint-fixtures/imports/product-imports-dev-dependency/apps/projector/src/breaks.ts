export { faker } from '@faker-js/faker';
