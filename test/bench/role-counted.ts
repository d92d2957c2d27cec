import { createServer } from 'node:http';
import { join } from 'node:path';
import { KafkaBus } from '#libs/bus';
import { countStatements, noCounters, taken, timeHandOffs } from './counted.ts';

/** Loaded before a role's own program: counts what it does, and says it on a socket that bears the process's number. */
const counters = noCounters();
const buses: KafkaBus[] = [];
const { connect } = KafkaBus;
KafkaBus.connect = async (...call) => {
  const bus = await connect.apply(KafkaBus, call);
  buses.push(bus);
  return bus;
};
const { publish } = KafkaBus.prototype;
KafkaBus.prototype.publish = function (messages) {
  counters.messages += messages.length;
  return publish.call(this, messages);
};
countStatements(counters);
timeHandOffs(counters);

createServer((_request, response) => {
  counters.requests = buses.reduce((sum, { requests }) => sum + requests, 0);
  response.end(JSON.stringify(taken(counters)));
})
  .listen(join(process.env['HEADGATE_BENCH_SOCKETS'] ?? '.', `${process.pid}.sock`))
  .unref();
