import { kafkaServer } from './servers.config.ts';
import { stop } from './stop.ts';

stop(kafkaServer);
