import { messaging } from '#messaging';
import { search } from '#search';
import { Pool } from 'pg';

export const projection = { messaging, search, Pool };
