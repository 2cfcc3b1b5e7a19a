const work = async (): Promise<number> => Promise.resolve(1);

export async function run(): Promise<void> {
  work(); // refused
  await work();
  void work();
}
