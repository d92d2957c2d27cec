import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type BusMessage, TOPICS, type Topic } from '#libs/contracts';
import { until } from '#libs/testing';
import { MISFITS, UNREADABLE } from './bad-messages.ts';
import { QuietRing } from './quiet-ring.ts';

const READ: readonly Topic[] = Object.values(TOPICS).filter((topic) => topic !== TOPICS.dead);

const UNDER_WAY = { status: 'running', attempt: 1, failures: 0 };

describe('of what comes over the bus and is bad', () => {
  let ring: QuietRing;
  beforeAll(async () => {
    ring = await QuietRing.start();
  }, 60_000);
  afterAll(() => ring.dispose());

  const isKept = async ({ topic, value }: BusMessage) =>
    (await ring.letters()).some((letter) => letter.topic === topic && letter.value.equals(value));
  /** Publishes, and looks at all that there is when it was heard. */
  const expectNothing = async (bad: readonly BusMessage[], kept: boolean) => {
    const letters = (await ring.letters()).length;
    const before = await ring.rows();
    await ring.publish(bad);
    await ring.still();
    expect(await ring.rows()).toEqual(before);
    const [first] = bad;
    if (kept && first) await until('it is kept', () => isKept(first));
    else expect(await ring.letters()).toHaveLength(letters);
  };

  describe.each(READ)('on %s', (topic) => {
    it.each(Object.entries(UNREADABLE))('what %s has no effect, and is kept', async (_what, make) => {
      await expectNothing([make(ring, topic)], true);
    });

    it.each(MISFITS.filter(([of]) => of === topic).map(([, ...rest]) => rest))(
      'a word %s has no effect',
      async (_what, kept, make) => expectNothing([make(ring, topic)], kept),
    );

    it('a message that comes five times more has no effect', async () => {
      await expectNothing(
        Array.from({ length: 5 }, () => ring.sample(topic)),
        false,
      );
    });

    it('all that was ever said has none when it is read from the beginning again', async () => {
      await expectNothing(ring.saidOn(topic), false);
    });

    it('nor when it is read out of order across keys', async () => {
      const byKey = Map.groupBy(ring.saidOn(topic), ({ key }) => key);
      await expectNothing([...byKey.values()].toReversed().flat(), false);
    });

    it('the next runs go all around, and the one that is under way goes on', async () => {
      await ring.echo();
      await ring.still();
      expect(await ring.underWay()).toEqual(UNDER_WAY);
    });
  });

  it('none of it has an effect later', async () => {
    await ring.settled();
    expect(await ring.underWay()).toEqual(UNDER_WAY);
  });
});
