const ENDPOINTS = ['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'];

/** Whether the environment says where telemetry goes. */
export function wantsTelemetry(environment: NodeJS.ProcessEnv): boolean {
  if (environment['OTEL_SDK_DISABLED']?.toLowerCase() === 'true') return false;
  return ENDPOINTS.some((name) => (environment[name] ?? '') !== '');
}

/** `headgate-<role>`, by the program that is started; the ring in one process is `headgate`. */
export function serviceName([, program = '', first]: readonly string[]): string {
  const app = /apps[\\/](\w+)[\\/]src[\\/]main\.js$/.exec(program)?.[1] ?? first ?? 'standalone';
  return app === 'standalone' ? 'headgate' : `headgate-${app}`;
}
