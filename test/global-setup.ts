import { startTestPostgres, type TestPostgres } from '../libs/testing/src/postgres-for-tests.ts';

declare global {
  var testPostgres: TestPostgres | undefined;
}

export default async function setup(): Promise<void> {
  globalThis.testPostgres = await startTestPostgres();
}
