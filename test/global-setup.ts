import { startTestKafka, type TestKafka } from '../libs/testing/src/kafka-for-tests.ts';
import { startTestPostgres, type TestPostgres } from '../libs/testing/src/postgres-for-tests.ts';

declare global {
  var testPostgres: TestPostgres | undefined;
  var testKafka: TestKafka | undefined;
}

export default async function setup(): Promise<void> {
  globalThis.testKafka = await startTestKafka();
  globalThis.testPostgres = await startTestPostgres();
}
