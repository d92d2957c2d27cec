import Fastify from 'fastify';
import { CreateRun } from '../../apps/gateway/src/runs/run.schema.ts';

/** The floor of HTTP: Fastify, the same validation of the same body, and nothing behind it. */
const server = Fastify();
server.post('/echo', async (request) => {
  const { input } = CreateRun.parse(request.body);
  return { output: input };
});
await server.listen({ port: 0, host: '127.0.0.1' });
process.on('disconnect', () => process.exit(0));
const address = server.server.address();
process.send?.(typeof address === 'object' && address ? address.port : 0);
