export {
  Bus,
  type Delivery,
  DONE,
  MAX_TRIES,
  type Outcome,
  oneByOne,
  type Place,
  type Reading,
  type Subscription,
} from './bus.ts';
export { deadLetterOf } from './dead-letter.ts';
export { EmbeddedBus, type EmbeddedBusOptions, type Fault } from './embedded-bus.ts';
