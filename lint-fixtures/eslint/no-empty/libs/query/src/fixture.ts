export function parse(text: string): unknown {
  try {
    return JSON.parse(text);
    // prettier-ignore
  } catch {} // refused
  return null;
}
