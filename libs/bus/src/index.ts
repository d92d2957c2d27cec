export {
  Bus,
  type Delivery,
  DONE,
  eachMessage,
  MAX_TRIES,
  type Outcome,
  oneByOne,
  type Reading,
  readMessage,
  type Subscription,
} from './bus.ts';
export { busMetrics } from './bus-metrics.ts';
export { consuming } from './bus-spans.ts';
export { EmbeddedBus, type EmbeddedBusOptions } from './embedded-bus.ts';
export { HOP_SECONDS } from './hop-seconds.ts';

export { KAFKA_ROLES, type KafkaRole } from './kafka/acl.ts';
export { asKafkaAdmin, grantRoles, setUpKafka } from './kafka/kafka-admin.ts';
export { KafkaBus } from './kafka/kafka-bus.ts';
export type { KafkaSettings } from './kafka/kafka-connection.ts';
export { KafkaPublisher } from './kafka/kafka-publisher.ts';
