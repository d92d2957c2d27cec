export default async function teardown(): Promise<void> {
  await Promise.all([globalThis.testPostgres?.stop(), globalThis.testKafka?.stop()]);
}
