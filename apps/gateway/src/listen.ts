import type { AddressInfo } from 'node:net';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { AppStartError } from '#libs/kernel';

/** Listens, and says where it can be reached. */
export async function listen(gateway: NestFastifyApplication, host: string, port: number): Promise<string> {
  try {
    await gateway.listen(port, host);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw cause;
    throw new AppStartError(`Port ${port} of ${host} is taken: set HEADGATE_PORT to another one.`);
  }
  const address = gateway.getHttpServer().address() as AddressInfo;
  const reachable = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${address.port}`;
}
