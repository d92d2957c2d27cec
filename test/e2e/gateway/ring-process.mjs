/** A ring in a process of its own, so that its memory is nobody else's. Answers each message with its resident set. */
import { TestRing } from '#libs/testing';

const ring = await TestRing.start();
const tenant = await ring.tenant();
process.on('message', async (message) => {
  if (message.definition) process.send(await tenant.deploy('long', message.definition));
  else process.send({ rssBytes: process.memoryUsage().rss });
});
process.on('disconnect', async () => {
  await ring.dispose();
  process.exit(0);
});
process.send({ url: ring.url });
