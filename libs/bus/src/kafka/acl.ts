// its names of the kinds of grants are not found as exports
import kafkajs from 'kafkajs';
import { TOPICS, type Topic } from '#libs/contracts';

export const KAFKA_ROLES = ['gateway', 'conductor', 'executor', 'recorder'] as const;
export type KafkaRole = (typeof KAFKA_ROLES)[number];

interface RoleAccess {
  reads: readonly Topic[];
  writes: readonly Topic[];
}

/** What a login of each role may do. Whoever reads may also bury what nobody can read. */
export const ROLE_ACCESS: Readonly<Record<KafkaRole, RoleAccess>> = {
  gateway: {
    reads: [TOPICS.runProgress, TOPICS.controlChanged],
    writes: [TOPICS.runTouched, TOPICS.runProgress, TOPICS.controlChanged, TOPICS.dead],
  },
  conductor: {
    reads: [TOPICS.runTouched, TOPICS.executorStatus, TOPICS.runProgress, TOPICS.controlChanged],
    // among the statuses stands its own probe
    writes: [TOPICS.executorCommand, TOPICS.executorStatus, TOPICS.runProgress, TOPICS.dead],
  },
  executor: {
    reads: [TOPICS.executorCommand],
    writes: [TOPICS.executorStatus, TOPICS.runEvent, TOPICS.runSpan, TOPICS.dead],
  },
  recorder: {
    reads: [TOPICS.runEvent, TOPICS.runSpan, TOPICS.dead],
    writes: [TOPICS.runProgress, TOPICS.dead],
  },
};

/** Whose login has which role. */
export interface RoleLogin {
  role: KafkaRole;
  login: string;
}

/** Groups of a role's readers, as the brokers know them, begin with this: those that are shared, and those of one login. */
export function groupsOf(reader: string, prefix = '', login?: string): string {
  return `${prefix}hg.${reader}/${login === undefined ? '' : `${login}/`}`;
}

/** Whoever may read in a group may also put others out of it, and so nobody but recorders may in each other's. */
const SHARING: readonly KafkaRole[] = ['recorder'];

const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs;

/** The same for the brokers: who may do what with which topics and groups. Whatever is not named is refused. */
export function grantsOf(logins: readonly RoleLogin[], prefix = '') {
  const { TOPIC, GROUP } = AclResourceTypes;
  const { LITERAL, PREFIXED } = ResourcePatternTypes;
  const { READ, WRITE, DESCRIBE } = AclOperationTypes;
  return logins.flatMap(({ role, login }) => {
    const { reads, writes } = ROLE_ACCESS[role];
    const allow = (
      resourceType: number,
      resourcePatternType: number,
      resourceName: string,
      operation: number,
    ) => ({
      resourceType,
      resourcePatternType,
      resourceName,
      operation,
      principal: `User:${login}`,
      host: '*',
      permissionType: AclPermissionTypes.ALLOW,
    });
    return [
      // each looks at its start whether all topics are there
      ...Object.values(TOPICS).map((topic) => allow(TOPIC, LITERAL, prefix + topic, DESCRIBE)),
      ...reads.map((topic) => allow(TOPIC, LITERAL, prefix + topic, READ)),
      ...writes.map((topic) => allow(TOPIC, LITERAL, prefix + topic, WRITE)),
      allow(GROUP, PREFIXED, groupsOf(role, prefix, SHARING.includes(role) ? undefined : login), READ),
    ];
  });
}
