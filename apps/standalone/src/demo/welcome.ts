import type { Demo } from './seed-demo.ts';

/** What a person reads when everything is up. */
export function welcome(url: string, demo: Demo | undefined, notes: readonly string[]): string {
  const lines = [`Headgate is ready at ${url}  (API: ${url}/docs)`];
  if (demo) {
    const call = (deployment: string, input: string, header: string) =>
      `  curl -s${header === 'accept: text/event-stream' ? 'N' : ''} ${url}/v1/deployments/${deployment}/runs -H 'authorization: Bearer ${demo.keyToken}' \\
    -H 'content-type: application/json' -H '${header}' -d '{"input":"${input}"}'`;
    lines.push(
      '',
      'Your first run, to copy (the key is valid for 24 hours and shown only here):',
      '',
      call('hello', 'world', 'prefer: wait=10'),
    );
    if (demo.hasChat)
      lines.push(
        '',
        'And one that talks to a model, as it answers:',
        '',
        call('chat', 'Who are you?', 'accept: text/event-stream'),
      );
    lines.push(
      '',
      'To own this installation (the token is valid for 15 minutes, once):',
      '',
      `  curl -s ${url}/v1/bootstrap -H 'content-type: application/json' \\
    -d '{"token":"${demo.bootstrapToken}","email":"you@example.com","password":"a long password","organization":{"name":"My company"}}'`,
    );
  }
  for (const note of notes) lines.push('', note);
  lines.push('', 'Ctrl-C ends it.', '');
  return lines.join('\n');
}
