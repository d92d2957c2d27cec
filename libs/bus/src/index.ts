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
export { EmbeddedBus, type EmbeddedBusOptions } from './embedded-bus.ts';
