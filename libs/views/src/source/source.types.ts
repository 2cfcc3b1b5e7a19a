/** Compiled by tsc only: what a declared source is to the compiler. */
import { array, id, int, list, money, nullable, oneOf, ref, self, string } from './columns.js';
import { source, type StateOf } from './source.js';

type Eq<A, B> = (<X>() => X extends A ? 1 : 2) extends <X>() => X extends B ? 1 : 2 ? true : false;
function holds<_X extends true>(): void {}

const department = source('department', {
  id: id(),
  name: string(),
  get headId() {
    return ref(employee);
  },
});
const employee = source('employee', {
  id: id(),
  departmentId: ref(department),
  get bossId() {
    return nullable(ref(employee));
  },
});
holds<Eq<StateOf<typeof employee>['bossId'], string | null>>();
holds<Eq<StateOf<typeof department>['headId'], string>>();

const product = source('product', { id: id(), sku: string(), price: money('EUR') });
const order = source('order', {
  id: id(),
  status: oneOf('pending', 'confirmed'),
  parentId: nullable(self()),
  tags: array(string()),
  lines: list({ productId: ref(product), quantity: int() }),
});
holds<
  Eq<
    StateOf<typeof order>,
    {
      readonly id: string;
      readonly status: 'pending' | 'confirmed';
      readonly parentId: string | null;
      readonly tags: readonly string[];
      readonly lines: readonly { readonly productId: string; readonly quantity: number }[];
    }
  >
>();

void order.parentId;
void order.lines.productId;
// @ts-expect-error a column that is no reference leads nowhere backwards
void order.status;
void source('offer', { id: id(), sku: ref(product, 'sku') });
// @ts-expect-error a reference names a column that identifies: 'price' does not
void source('offer', { id: id(), sku: ref(product, 'price') });
