type Outcome = 'done' | 'retry' | 'refused';

export function isDone(outcome: Outcome): boolean {
  // prettier-ignore
  switch (outcome) { // refused
    case 'done':
      return true;
    case 'retry':
      return false;
  }
  return false;
}
