import type { JsonObject } from '#libs/kernel';
import { TestRing } from '#libs/testing';

/** A ring in a process of its own, so that its memory is nobody else's: says where it is, and then how large it is when asked. */
const ring = await TestRing.start();
const tenant = await ring.tenant();
const { token } = await tenant.deploy('long', JSON.parse(process.argv[2] ?? '') as JsonObject);

process.on('message', () => process.send?.({ rssBytes: process.memoryUsage.rss() }));
process.on('disconnect', () => void ring.dispose().then(() => process.exit(0)));
process.send?.({ url: ring.url, token });
