import { type Bus, type Delivery, DONE, oneByOne } from '#libs/bus';
import { TOPICS } from '#libs/contracts';

/** What nobody could read from now on, taken in the recorder's place. */
export async function deadLetters(bus: Bus): Promise<Delivery[]> {
  const letters: Delivery[] = [];
  await bus.subscribe({
    reader: 'recorder',
    topic: TOPICS.dead,
    group: 'shared',
    handle: oneByOne((delivery) => {
      letters.push(delivery);
      return DONE;
    }),
  });
  return letters;
}
