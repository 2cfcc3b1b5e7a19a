/**
 * The first ones in an order, without putting all the others in order.
 *
 * @param keep what is kept of one that is among the first so far
 * @param compare negative when the item comes before what was kept of another one
 */
export function firstIn<Item, Kept>(
  items: Iterable<Item>,
  count: number,
  keep: (item: Item) => Kept,
  compare: (item: Item, kept: Kept) => number,
): Kept[] {
  const first: Kept[] = [];
  if (count === 0) return first;
  for (const item of items) {
    const last = first[count - 1];
    if (last !== undefined && compare(item, last) >= 0) continue;
    first.splice(placeIn(first, item, compare), 0, keep(item));
    if (first.length > count) first.pop();
  }
  return first;
}

function placeIn<Item, Kept>(
  ordered: readonly Kept[],
  item: Item,
  compare: (item: Item, kept: Kept) => number,
): number {
  let [low, high] = [0, ordered.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const there = ordered[middle];
    if (there !== undefined && compare(item, there) >= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
