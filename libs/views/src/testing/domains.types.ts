/** Compiled by tsc only: the documents of the domains for tests, as they are inferred. */
import type { DocumentOf } from '../index.js';
import type { receivables } from './domains/billing.js';
import type { agenda } from './domains/clinic.js';
import type { deviceList } from './domains/devices.js';
import type { listingSearch } from './domains/marketplace.js';
import type { articles } from './domains/press.js';
import type { customerOverview, orderSearch, productDemand } from './domains/shop.js';
import type { people } from './domains/staff.js';
import type { tickets } from './domains/support.js';
import type { tasks, workload } from './domains/work.js';

type Eq<A, B> = (<X>() => X extends A ? 1 : 2) extends <X>() => X extends B ? 1 : 2 ? true : false;
/** Flattens intersections, which are equal in meaning but not to `Eq`. */
type Document<V> = { [P in keyof DocumentOf<V>]: DocumentOf<V>[P] };
function holds<_X extends true>(): void {}

holds<
  Eq<
    Document<typeof orderSearch>,
    {
      id: string;
      status: 'pending' | 'confirmed' | 'cancelled';
      total: number;
      placedAt: string;
      customer: { id: string; name: string; tier: 'basic' | 'silver' | 'gold' };
      lines: { quantity: number; product: { sku: string; name: string } | null }[];
      payment: { status: 'due' | 'paid' | 'failed'; paidAt: string | null } | null;
      net: number;
      units: number;
      skus: string[];
    }
  >
>();
holds<
  Eq<
    Document<typeof customerOverview>,
    {
      id: string;
      name: string;
      orders: number;
      spent: number;
      lastOrderAt: string | null;
      latest: { id: string; total: number; payment: 'due' | 'paid' | 'failed' | null }[];
    }
  >
>();
holds<
  Eq<
    Document<typeof productDemand>,
    { id: string; name: string; onHand: number; unitsOrdered: number; openOrders: number }
  >
>();
holds<
  Eq<
    Document<typeof agenda>,
    {
      id: string;
      clinicId: string;
      startsAt: string;
      status: 'booked' | 'arrived' | 'done' | 'no-show';
      patient: { name: string; bornOn: string };
      with: 'gp' | 'dental' | 'physio' | null;
      room: string | null;
      summary: string | null;
    }
  >
>();
holds<
  Eq<
    Document<typeof listingSearch>,
    {
      id: string;
      title: string;
      body: string;
      price: number;
      at: { lat: number; lon: number };
      labels: readonly string[];
      attributes: Record<string, string>;
      seller: { name: string; rating: number | null; reviews: number };
    }
  >
>();
holds<
  Eq<
    Document<typeof tickets>,
    {
      id: string;
      tenantId: string;
      subject: string;
      dueAt: string;
      priority: 'low' | 'high';
      assignee: string;
      latest: { body: string; from: 'customer' | 'agent'; sentAt: string } | null;
      replies: number;
      waiting: boolean;
    }
  >
>();
holds<
  Eq<
    Document<typeof people>,
    {
      id: string;
      name: string;
      department: { name: string; above: string | null } | null;
      manager: { name: string; manager: string | null } | null;
      reports: { id: string; name: string }[];
    }
  >
>();
holds<Eq<Document<typeof articles>, { id: string; title: string; tags: string[] }>>();
holds<
  Eq<
    Document<typeof receivables>,
    {
      id: string;
      number: string;
      dueOn: string;
      debtor: { name: string } | null;
      paid: number;
      open: number;
    }
  >
>();
holds<
  Eq<
    Document<typeof deviceList>,
    {
      id: string;
      serial: string;
      site: { name: string; at: { lat: number; lon: number } } | null;
      state: { celsius: number | null; online: boolean; seenAt: string } | null;
    }
  >
>();
holds<
  Eq<
    Document<typeof tasks>,
    {
      id: string;
      kind: 'task';
      title: string;
      state: 'todo' | 'doing' | 'done';
      project: string | null;
      assignees: { id: string; name: string }[];
    }
  >
>();
holds<Eq<Document<typeof workload>, { id: string; name: string; open: number; next: string[] }>>();
