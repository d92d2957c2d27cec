import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** Stands between a ring and its database, and can be shut: every connection breaks and none can be made. */
export class DatabaseGate {
  private readonly sockets = new Set<Socket>();
  private server: Server | undefined;
  private port = 0;

  private constructor(private readonly behind: URL) {}

  static async before(databaseUrl: string): Promise<DatabaseGate> {
    const gate = new DatabaseGate(new URL(databaseUrl));
    await gate.open();
    return gate;
  }

  get url(): string {
    const url = new URL(this.behind);
    url.searchParams.delete('host');
    url.hostname = '127.0.0.1';
    url.port = String(this.port);
    return url.href;
  }

  async open(): Promise<void> {
    if (this.server) return;
    const server = createServer((socket) => this.join(socket));
    this.server = server;
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve));
    this.port = (server.address() as AddressInfo).port;
  }

  async shut(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    const closed = new Promise((resolve) => server?.close(resolve));
    for (const socket of this.sockets) socket.destroy();
    if (server) await closed;
  }

  private join(near: Socket): void {
    const directory = this.behind.searchParams.get('host');
    const port = this.behind.port || '5432';
    const far =
      directory === null
        ? connect(Number(port), this.behind.hostname)
        : connect(`${directory}/.s.PGSQL.${port}`);
    near.pipe(far).pipe(near);
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        this.sockets.delete(socket);
        other.destroy();
      });
    }
  }
}
