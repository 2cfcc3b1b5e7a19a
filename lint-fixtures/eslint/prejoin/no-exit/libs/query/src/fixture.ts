export function stop(): never {
  process.exit(1); // refused
}

export function fail(): void {
  process.exitCode = 1;
}
