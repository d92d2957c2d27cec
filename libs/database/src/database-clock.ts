import { setWall } from '#libs/kernel';

/** Whoever can ask the database. */
interface Asked {
  query(text: string): Promise<{ rows: { ms: number }[] }>;
}

const EACH_MS = 60_000;
/** An answer that took longer says too little, once there has been one. */
const LATE_MS = 200;

/** Sets the process's clock by the database's, so that all processes of a cell have the same. */
export async function readClock(database: Asked, isFirst = true): Promise<void> {
  const sinceMs = performance.now();
  const { rows } = await database.query('select extract(epoch from clock_timestamp())::float8 * 1000 as ms');
  const tookMs = performance.now() - sinceMs;
  const [row] = rows;
  if (row && (isFirst || tookMs < LATE_MS)) setWall(row.ms + tookMs / 2);
}

/** Now, and each minute until what it gives is called; while the database is away the clock goes on as it was. */
export async function followClock(database: Asked): Promise<() => void> {
  let isFirst = true;
  const read = () =>
    readClock(database, isFirst).then(
      () => {
        isFirst = false;
      },
      () => undefined,
    );
  await read();
  const timer = setInterval(read, EACH_MS);
  return () => clearInterval(timer);
}
