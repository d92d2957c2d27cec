export { type Answer, ApiClient, type StreamedEvent } from './api-client.ts';
export { whyNoKafka } from './broker-jars.ts';
export { freePort, isServed } from './broker-ports.ts';
export type { BrokerUsers } from './broker-properties.ts';
export { busBody } from './bus-body.ts';
export { BusProbe } from './bus-probe.ts';
export { DatabaseGate } from './database-gate.ts';
export { deadLetters } from './dead-letters.ts';
export { FAILPOINTS, type Failpoint, type FailpointName } from './failpoints.ts';
export { FAULT_COMPONENTS } from './fault-components.ts';
export {
  chain,
  chatInput,
  chatOutput,
  echoFlow,
  edge,
  fault,
  field,
  languageModel,
  prompt,
  promptChain,
  sleepingFlow,
  twoStepFlow,
} from './flows.ts';
export { freeze } from './frozen-leader.ts';
export { isRead } from './is-read.ts';
export { KafkaBroker, type KafkaBrokerOptions } from './kafka-broker.ts';
export { KAFKA_WITHIN_MS, testBrokers, withKafka } from './kafka-for-tests.ts';
export type { ReceivedSpan } from './otlp-decoding.ts';
export { traceInProcess } from './otlp-in-process.ts';
export { OtlpReceiver } from './otlp-receiver.ts';
export {
  acquaint,
  introduceTo,
  openCommand,
  playExecutor,
  roadOf,
  TEST_POOL_KEY,
} from './played-executors.ts';
export {
  createEmptyDatabase,
  createTestDatabase,
  startTestPostgres,
  TEST_PASSWORDS,
} from './postgres-for-tests.ts';
export { type Role, RoleProcess } from './role-process.ts';
export { APPEND_RULES, type AppendRule } from './sql-append-rules.ts';
export { catalogueFaults, loginFaults, type TenantTable, tenantTables } from './sql-catalogue.ts';
export { SqlDatabase, sqlStateOf } from './sql-database.ts';
export { attemptEvents, executorEvent, outsideEvent } from './sql-events.ts';
export { type LogRow, logFaults } from './sql-log.ts';
export { createOwnedDatabase, MigrationFolder } from './sql-migrations.ts';
export { APPEND_MUTANTS, type Mutation, withMutant } from './sql-mutants.ts';
export { fillAllTables } from './sql-rows.ts';
export { type EndedRun, type LiveRun, type OpenCall, type RunRef, SqlRuns } from './sql-runs.ts';
export { StubModel } from './stub-model.ts';
export { StubS3 } from './stub-s3.ts';
export { type Deployed, makeTenant, type Tenant } from './tenants.ts';
export { TestCell } from './test-cell.ts';
export { type Runnable, TestConductor } from './test-conductor.ts';
export {
  counterFaults,
  type DeadLetterRow,
  reported,
  reportedEvents,
  TestRecorder,
  type TestRecorderOptions,
} from './test-recorder.ts';
export { frontDoorOf, TestRing, type TestRingOptions } from './test-ring.ts';
export { until } from './until.ts';
