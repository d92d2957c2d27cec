import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { gauge } from '#libs/telemetry';
import { ProbeServer } from './probe-server.ts';

describe('the port of probes', () => {
  let probe: ProbeServer;
  beforeAll(async () => {
    const metrics = [gauge('hg_runs', 'Runs.', () => 7)];
    probe = await ProbeServer.listen(
      { host: '127.0.0.1', port: 0 },
      async () => ({ isReady: true, degraded: [] }),
      metrics,
    );
  });
  afterAll(() => probe.close());

  it('tells the metrics of the process, as Prometheus reads them', async () => {
    const response = await fetch(`http://127.0.0.1:${probe.port}/metrics`);
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    const text = await response.text();
    expect(text).toContain('\nhg_runs 7\n');
    expect(text).toMatch(/\nprocess_resident_memory_bytes \d{6,}\n/);
    expect(text).toMatch(/\nprocess_cpu_seconds_total 0?\.?\d/);
  });

  it('knows nothing else', async () => {
    expect((await fetch(`http://127.0.0.1:${probe.port}/`)).status).toBe(404);
  });
});
