import { postgresServer } from './servers.config.ts';
import { stop } from './stop.ts';

stop(postgresServer);
