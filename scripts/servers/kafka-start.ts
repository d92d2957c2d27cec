import { KafkaBroker } from '#libs/testing';
import { serve } from './serve.ts';
import { kafkaServer } from './servers.config.ts';

serve(kafkaServer, 'KAFKA_BROKERS', async ({ port }, directory, ending) => {
  const broker = new KafkaBroker({
    directory: directory.file('broker'),
    port,
    ended: (reason) => {
      process.stderr.write(`${reason}; see ${directory.file('broker/kafka.log')}.\n`);
      void ending.end(1);
    },
  });
  ending.add(() => broker.stop());
  return broker.start();
});
