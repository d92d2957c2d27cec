/** One process of a ring in which kafkajs hands a message on, and nothing else happens: the floor of `npm run bench:kafka`. */
import { Kafka, logLevel } from 'kafkajs';

const [broker, from, to] = process.argv.slice(2);
const kafka = new Kafka({ brokers: [broker], clientId: to, logLevel: logLevel.NOTHING });
const producer = kafka.producer({ allowAutoTopicCreation: false, createPartitioner: () => () => 0 });
const consumer = kafka.consumer({ groupId: to, maxWaitTimeInMs: 500 });
const BYTES = 300;
const arrived = new Map();
let taken = (value) => send(value);

await Promise.all([producer.connect(), consumer.connect()]);
await consumer.subscribe({ topics: [from], fromBeginning: true });
await consumer.run({ autoCommit: false, eachMessage: async ({ message }) => taken(message.value) });

process.on('disconnect', () => process.exit(0));
process.on('message', async ({ inFlight, seconds }) => {
  taken = (value) => arrived.get(value.readUInt32BE())?.();
  const startedMs = performance.now();
  const endMs = startedMs + seconds * 1000;
  const latenciesMs = [];
  let last = 0;
  const caller = async () => {
    while (performance.now() < endMs) {
      const sentMs = performance.now();
      const value = Buffer.alloc(BYTES);
      const number = ++last;
      value.writeUInt32BE(number);
      const back = new Promise((resolve) => arrived.set(number, resolve));
      send(value);
      await back;
      arrived.delete(number);
      latenciesMs.push(performance.now() - sentMs);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, caller));
  const perSecond = (latenciesMs.length * 1000) / (performance.now() - startedMs);
  process.send({ latenciesMs: latenciesMs.sort((a, b) => a - b), perSecond });
});
process.send('ready');

function send(value) {
  producer.send({ topic: to, acks: -1, messages: [{ value }] });
}
