import { describe, expect, it } from '@jest/globals';
import { TOPICS, type Topic } from '#libs/contracts';
import { createLogger } from '#libs/telemetry';
import { KAFKA_WITHIN_MS, testBrokers, withKafka } from '#libs/testing';
import { grantsOf, KAFKA_ROLES, ROLE_ACCESS } from './acl.ts';
import { grantRoles } from './kafka-admin.ts';

const those = (may: 'reads' | 'writes', topic: Topic) =>
  KAFKA_ROLES.filter((role) => ROLE_ACCESS[role][may].includes(topic));

describe('what the roles may do with topics', () => {
  it.each<[Topic, string[], string[]]>([
    [TOPICS.runTouched, ['conductor'], ['gateway']],
    [TOPICS.executorCommand, ['executor'], ['conductor']],
    [TOPICS.executorStatus, ['conductor'], ['conductor', 'executor']],
    [TOPICS.runEvent, ['recorder'], ['executor']],
    [TOPICS.runSpan, ['recorder'], ['executor']],
    [TOPICS.runProgress, ['gateway', 'conductor'], ['gateway', 'conductor', 'recorder']],
    [TOPICS.controlChanged, ['gateway', 'conductor'], ['gateway']],
    [TOPICS.dead, ['recorder'], ['gateway', 'conductor', 'executor', 'recorder']],
  ])('%s is read and written by these', (topic, readers, writers) => {
    expect([those('reads', topic), those('writes', topic)]).toEqual([readers, writers]);
  });

  it.each(Object.values(TOPICS).map((topic) => [topic] as const))(
    '%s has who reads and who writes it',
    (topic) => {
      expect([those('reads', topic), those('writes', topic)]).not.toContainEqual([]);
    },
  );
});

describe('what a login is granted', () => {
  it('is of its own name, on topics and groups of its cell', () => {
    const grants = grantsOf([{ role: 'executor', login: 'e' }], 'cell.');
    expect(new Set(grants.map(({ principal }) => principal))).toEqual(new Set(['User:e']));
    for (const { resourceName } of grants) expect(resourceName).toMatch(/^cell\.hg\./);
  });

  it('is of the groups of its own name, and of its role where a role shares one', () => {
    const groupsFor = (role: (typeof KAFKA_ROLES)[number]) =>
      grantsOf([{ role, login: 'e' }], 'cell.').flatMap(({ resourceName }) =>
        resourceName.endsWith('/') ? [resourceName] : [],
      );
    expect(KAFKA_ROLES.flatMap(groupsFor)).toEqual([
      'cell.hg.gateway/e/',
      'cell.hg.conductor/e/',
      'cell.hg.executor/e/',
      'cell.hg.recorder/',
    ]);
  });

  it('is none for nobody', () => {
    expect(grantsOf([])).toEqual([]);
  });
});

withKafka(describe)('granting', () => {
  it(
    'says what to do where the brokers let everybody do everything',
    async () => {
      const settings = { brokers: await testBrokers(), clientId: 'test' };
      const granting = grantRoles(
        settings,
        [{ role: 'executor', login: 'e' }],
        createLogger('test', 'silent'),
      );
      await expect(granting).rejects.toThrow(/takes no grants from this login .* leave KAFKA_ROLE_USERS out/);
    },
    KAFKA_WITHIN_MS,
  );
});
