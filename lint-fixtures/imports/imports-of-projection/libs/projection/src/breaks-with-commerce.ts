export { commerce } from '#commerce';
