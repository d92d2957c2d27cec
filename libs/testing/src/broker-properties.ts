import { join } from 'node:path';

export const ADMIN = 'admin';
export const MECHANISM = 'SCRAM-SHA-512';

/** Logins and their passwords; `admin` may do everything, the others what they are granted. */
export type BrokerUsers = Readonly<Record<string, string>> & { readonly [ADMIN]: string };

export interface BrokerLayout {
  directory: string;
  port: number;
  controllerPort: number;
  users?: BrokerUsers | undefined;
}

/** The configuration of one broker that is its own controller, as small as it goes. */
export function brokerProperties({ directory, port, controllerPort, users }: BrokerLayout): string {
  const protocol = users ? 'SASL_PLAINTEXT' : 'PLAINTEXT';
  const properties: Record<string, string | number | boolean> = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    listeners: `CLIENT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `CLIENT://127.0.0.1:${port}`,
    'listener.security.protocol.map': `CLIENT:${protocol},CONTROLLER:${protocol}`,
    'inter.broker.listener.name': 'CLIENT',
    'controller.listener.names': 'CONTROLLER',
    'log.dirs': join(directory, 'data'),
    'num.partitions': 1,
    'default.replication.factor': 1,
    'min.insync.replicas': 1,
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 4,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'transaction.state.log.num.partitions': 4,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    'share.coordinator.state.topic.num.partitions': 4,
    'group.initial.rebalance.delay.ms': 0,
    'group.min.session.timeout.ms': 1_000,
    'auto.create.topics.enable': false,
    'num.network.threads': 2,
    'num.io.threads': 4,
    'background.threads': 2,
    'log.cleaner.dedupe.buffer.size': 8 * 1024 * 1024,
    // so long a broker that was killed is waited for when it comes back
    'broker.session.timeout.ms': 3_000,
    'broker.heartbeat.interval.ms': 500,
    ...(users && withLogins(users[ADMIN])),
  };
  return `${Object.entries(properties)
    .map(([name, value]) => `${name}=${value}`)
    .join('\n')}\n`;
}

/** Nothing is open to whoever was granted nothing, the port of the controller included. */
function withLogins(password: string): Record<string, string | boolean> {
  const who = `required username="${ADMIN}" password="${password}"`;
  const modules = 'org.apache.kafka.common.security';
  return {
    'sasl.enabled.mechanisms': MECHANISM,
    'sasl.mechanism.inter.broker.protocol': MECHANISM,
    [`listener.name.client.${MECHANISM.toLowerCase()}.sasl.jaas.config`]: `${modules}.scram.ScramLoginModule ${who};`,
    'sasl.mechanism.controller.protocol': 'PLAIN',
    'listener.name.controller.sasl.enabled.mechanisms': 'PLAIN',
    'listener.name.controller.plain.sasl.jaas.config': `${modules}.plain.PlainLoginModule ${who} user_${ADMIN}="${password}";`,
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'allow.everyone.if.no.acl.found': false,
    'super.users': `User:${ADMIN}`,
  };
}
