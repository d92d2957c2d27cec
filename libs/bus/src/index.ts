export {
  Bus,
  type Delivery,
  DONE,
  MAX_TRIES,
  type Outcome,
  oneByOne,
  type Reading,
  type Subscription,
} from './bus.ts';

export { EmbeddedBus, type EmbeddedBusOptions } from './embedded-bus.ts';
