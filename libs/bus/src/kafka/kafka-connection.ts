import { Kafka, type KafkaConfig, logLevel, type SASLOptions } from 'kafkajs';
import type { Logger } from '#libs/telemetry';
import './request-queue.ts';

export interface KafkaSettings {
  brokers: readonly string[];
  /** What the broker calls this process in its own logs. */
  clientId: string;
  /** Before the names of topics and groups, where several cells share brokers. */
  prefix?: string;
  ssl?: KafkaConfig['ssl'];
  sasl?: { mechanism: 'scram-sha-512' | 'scram-sha-256' | 'plain'; username: string; password: string };
}

/** Short, as a request that gets no answer is done again by us, in the end on another connection. */
const TIMES = {
  connectionTimeout: 1_000,
  authenticationTimeout: 5_000,
  requestTimeout: 5_000,
  enforceRequestTimeout: true,
};

/** An outage is outlasted by whoever sends or reads, not within one request. */
export const RETRY = { initialRetryTime: 50, maxRetryTime: 500, factor: 0.2, multiplier: 1.5, retries: 5 };

export function kafkaOf({ brokers, clientId, ssl, sasl }: KafkaSettings, log: Logger): Kafka {
  return new Kafka({
    brokers: [...brokers],
    clientId,
    ...(ssl !== undefined && { ssl }),
    ...(sasl && { sasl: sasl as SASLOptions }),
    ...TIMES,
    retry: RETRY,
    logLevel: logLevel.ERROR,
    // it logs as errors what is tried again: whether that ended well is said by those who asked
    logCreator: () => (entry) => log.debug({ kafka: entry.namespace, ...entry.log }, entry.log.message),
  });
}
