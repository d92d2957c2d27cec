import { Agent } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { EgressAllow } from '#libs/config';
import { until } from '../../../../libs/testing/src/until.ts';
import { AddressGuard, EgressRefused } from './address-guard.ts';
import { sendGuarded } from './guarded-connection.ts';

describe('a guarded connection', () => {
  let server: Server;
  let port: number;
  let connections = 0;
  let received = '';
  let agent: Agent;
  beforeAll(async () => {
    server = createServer((socket) => {
      connections += 1;
      socket.on('data', (bytes) => {
        received += bytes.toString();
        if (received.endsWith('\r\n\r\n')) socket.write('HTTP/1.1 204 No Content\r\n\r\n');
      });
      socket.on('error', () => undefined);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ({ port } = server.address() as AddressInfo);
  });
  beforeEach(() => {
    agent = new Agent({ keepAlive: true });
    connections = 0;
    received = '';
  });
  afterEach(() => agent.destroy());
  afterAll(() => {
    server.close();
  });

  const send = (allow: string, more: Partial<Parameters<typeof sendGuarded>[2]> = {}) =>
    sendGuarded(new AddressGuard(EgressAllow.parse(allow)), agent, {
      target: {
        url: new URL(`http://nowhere.test:${port}/x?y=z`),
        host: 'nowhere.test',
        port,
        address: '127.0.0.1',
      },
      method: 'GET',
      headers: [],
      body: undefined,
      signal: new AbortController().signal,
      ...more,
    });

  it('goes to the address that was admitted, and asks for the host by its name', async () => {
    const response = await send('127.0.0.1', {
      headers: [
        ['a', '1'],
        ['a', '2'],
      ],
    });
    response.resume();
    expect(response.statusCode).toBe(204);
    expect(received).toMatch(/^GET \/x\?y=z HTTP\/1\.1\r\n/);
    expect(received).toContain(`host: nowhere.test:${port}\r\n`);
    expect(received).toContain('a: 1\r\na: 2\r\n');
  });

  it('writes not a byte where the peer is not one that may be reached, on a connection that is kept too', async () => {
    (await send('127.0.0.1')).resume();
    await until('the connection is kept', () => Object.values(agent.freeSockets).flat().length > 0);
    received = '';
    const before = connections;
    await expect(send('127.0.0.2')).rejects.toThrow(EgressRefused);
    expect(connections).toBe(before);
    await expect(send('127.0.0.2')).rejects.toThrow(EgressRefused);
    await until('a new connection', () => connections === before + 1);
    expect(received).toBe('');
  });

  it.each<[string, [string, string]]>([
    ['a value over two lines', ['x', 'a\r\nb: c']],
    ['a value in another script', ['x', 'ключ']],
    ['a name that is none', ['a b', '1']],
  ])('holds no connection where it fails with a header of %s', async (_what, header) => {
    await expect(send('127.0.0.1', { headers: [header] })).rejects.toThrow(
      /Invalid character|valid HTTP token/,
    );
    await until('a connection', () => connections === 1);
    await until('nobody holds it', () => Object.values(agent.sockets).flat().length === 0, 1_000);
    expect(received).toBe('');
  });

  it('fails with a method that is none', async () => {
    await expect(send('127.0.0.1', { method: 'G T' })).rejects.toThrow('Method must be a valid HTTP token');
  });
});
