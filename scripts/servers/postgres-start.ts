import { EmbeddedPostgres } from '#libs/database';
import { serve } from './serve.ts';
import { postgresServer } from './servers.config.ts';

serve(postgresServer, 'DATABASE_URL', async ({ port }, directory, ending) => {
  const postgres = new EmbeddedPostgres({
    directory: directory.file('server'),
    isDurable: true,
    port,
    restarted: (reason) => process.stderr.write(`${reason}.\n`),
  });
  ending.add(() => postgres.stop());
  return postgres.start();
});
