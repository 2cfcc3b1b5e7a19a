import { commerce } from '#commerce';
import { bringUp } from '../stack/bring-up.js';

export const demo = { commerce, bringUp };
