import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { projectRoot } from '#libs/config';
import { serviceName, wantsTelemetry } from './wants-telemetry.ts';

const START = pathToFileURL(join(projectRoot(), 'libs/telemetry/src/start-telemetry.ts')).href;

/** Names each package of OpenTelemetry that is loaded, by whomever. */
const WATCH = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module';
  const seen = new Set();
  registerHooks({ load(url, context, next) {
    const name = /@opentelemetry\\/([^/]+)/.exec(url)?.[1];
    if (name && !seen.has(name)) console.log(name);
    seen.add(name);
    return next(url, context);
  } });`)}`;

async function loadedWith(env: Record<string, string>, program = ''): Promise<string[]> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--no-warnings', '--import', WATCH, '--import', START, '--input-type=module', '--eval', program],
    { cwd: projectRoot(), env },
  );
  return stdout.split('\n').filter((line) => line !== '');
}

describe('the start of telemetry', () => {
  it('loads the SDK and its exporters where somebody is told', async () => {
    const loaded = await loadedWith({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' });
    expect(loaded).toEqual(expect.arrayContaining(['sdk-node', 'exporter-trace-otlp-proto']));
  });

  it('loads nothing where nobody is, and the whole product no more than the interface', async () => {
    expect(await loadedWith({})).toEqual([]);
    const parts = [
      'standalone/src/standalone',
      'gateway/src/gateway.process',
      'executor/src/executor.process',
    ];
    const program = parts.map((part) => `import ${JSON.stringify(`./dist/apps/${part}.js`)};`).join('\n');
    expect(await loadedWith({}, program)).toEqual(['api']);
  });

  it.each<[Record<string, string>, boolean]>([
    [{}, false],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: '' }, false],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://a' }, true],
    [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://a' }, true],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://a', OTEL_SDK_DISABLED: 'TRUE' }, false],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://a', OTEL_SDK_DISABLED: 'false' }, true],
  ])('goes by the environment: %j', (environment, wants) => {
    expect(wantsTelemetry(environment)).toBe(wants);
  });

  it.each<[string[], string]>([
    [['node', '/headgate/dist/apps/gateway/src/main.js'], 'headgate-gateway'],
    [['node', '/headgate/dist/apps/standalone/src/main.js'], 'headgate'],
    [['node', '/headgate/scripts/start.mjs', 'recorder'], 'headgate-recorder'],
    [['node', '/headgate/scripts/start.mjs'], 'headgate'],
  ])('names the service by its program: %j', (argv, name) => {
    expect(serviceName(argv)).toBe(name);
  });
});
