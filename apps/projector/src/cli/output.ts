/** Writes a command's answer, which is all that goes to standard output. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** A number for people: 50,000. */
export function grouped(value: number): string {
  return value.toLocaleString('en');
}
