import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AppStartError } from '#libs/kernel';
import { METRICS_TYPE, type Metric, metricsText, processMetrics } from '#libs/telemetry';
import { type ReadinessReport, readinessAnswer } from './readiness.ts';

/** What whoever keeps the processes running asks of each, beside what it is there for: `/healthz`, `/readyz`, `/metrics`. */
export class ProbeServer {
  private constructor(private readonly server: Server) {}

  static async listen(
    { host, port }: { host: string; port: number },
    report: () => Promise<ReadinessReport>,
    metrics: readonly Metric[],
  ): Promise<ProbeServer> {
    const server = createServer((request, response) => {
      const answer = (status: number, body: string, type = 'application/json; charset=utf-8') =>
        response.writeHead(status, { 'content-type': type }).end(body);
      if (request.url === '/healthz') answer(200, '{"status":"ok"}');
      else if (request.url === '/metrics')
        answer(200, metricsText([...processMetrics(), ...metrics]), METRICS_TYPE);
      else if (request.url === '/readyz')
        report()
          .catch((): ReadinessReport => ({ isReady: false, degraded: ['It cannot be told.'] }))
          .then(readinessAnswer)
          .then(({ status, body }) => answer(status, body));
      else answer(404, '{"status":"unknown"}');
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', (cause: NodeJS.ErrnoException) =>
        reject(
          cause.code === 'EADDRINUSE'
            ? new AppStartError(`Port ${port} of ${host} is taken: set HEADGATE_PROBE_PORT to another one.`)
            : cause,
        ),
      );
      server.listen(port, host, resolve);
    });
    return new ProbeServer(server);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
