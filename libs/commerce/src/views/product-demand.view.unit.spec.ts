import { deleted, ViewSpec } from '#views';
import { lamp, order } from '../testing/rows.js';
import { productDemand } from './product-demand.view.js';

const shown = { id: 'lamp', sku: 'L-1', name: 'Lamp', price: 2500, discontinued: false };
const line = (productId: string, quantity: number) => ({ productId, quantity, unitPrice: 2500 });

describe('product-demand', () => {
  it('has zeros where nobody stocks or orders the product', () => {
    ViewSpec.for(productDemand)
      .given({ product: [lamp] })
      .then({ ...shown, onHand: 0, unitsOrdered: 0, openOrders: 0 });
  });

  it('counts an order once however many of its lines have the product, and all of their units', () => {
    ViewSpec.for(productDemand)
      .given({
        product: [lamp],
        stock: [{ id: 'lamp', onHand: 7 }],
        order: [{ ...order, lines: [line('lamp', 2), line('other', 9), line('lamp', 3)] }],
      })
      .then({ ...shown, onHand: 7, unitsOrdered: 5, openOrders: 1 });
  });

  it('follows an order through its life, and a line to another product', () => {
    const shade = { ...lamp, id: 'shade', sku: 'S-1', name: 'Shade' };
    const of = (id: string) => ({ ...order, lines: [line(id, 2)] });
    const none = { onHand: 0, unitsOrdered: 0, openOrders: 0 };
    ViewSpec.for(productDemand)
      .given({ product: [lamp, shade], order: [of('lamp')] })
      .when({ order: { ...of('lamp'), status: 'confirmed' } })
      .marks(['lamp'])
      .then('lamp', { ...shown, onHand: 0, unitsOrdered: 2, openOrders: 0 })
      .when({ order: of('shade') })
      .marks(['lamp', 'shade'])
      .then('lamp', { ...shown, ...none })
      .and('shade', { ...shade, onHand: 0, unitsOrdered: 2, openOrders: 1 })
      .when({ order: { ...of('shade'), status: 'cancelled' } })
      .then('shade', { ...shade, ...none })
      .when({ order: deleted('o1') })
      .marks(['shade'])
      .then('shade', { ...shade, ...none });
  });
});
