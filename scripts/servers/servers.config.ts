import { z } from 'zod';
import { readConfig } from '#libs/config';
import { StandaloneConfig } from '../../apps/standalone/src/standalone.config.ts';

const Port = z.coerce.number().int().min(1).max(65_535);

const ServersConfig = StandaloneConfig.pick({ HEADGATE_DATA_DIR: true }).extend({
  // of 127.0.0.1
  KAFKA_PORT: Port.default(9092),
  POSTGRES_PORT: Port.default(5432),
});

export interface Server {
  name: string;
  /** Beside the product's own, whose embedded Postgres is another one. */
  directory: string;
  port: number;
}

export function kafkaServer(): Server {
  const { HEADGATE_DATA_DIR, KAFKA_PORT } = readConfig(ServersConfig, process.env);
  return { name: 'Kafka', directory: `${HEADGATE_DATA_DIR}-kafka`, port: KAFKA_PORT };
}

export function postgresServer(): Server {
  const { HEADGATE_DATA_DIR, POSTGRES_PORT } = readConfig(ServersConfig, process.env);
  return { name: 'Postgres', directory: `${HEADGATE_DATA_DIR}-postgres`, port: POSTGRES_PORT };
}
