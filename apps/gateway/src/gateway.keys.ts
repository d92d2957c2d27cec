import type { CellKeys } from '#libs/crypto';

/** The gateway's part of the cell's keys. */
export type GatewayKeys = Pick<CellKeys, 'root' | 'pepper' | 'blobUrl' | 'jwt'>;

export const CELL_KEYS = Symbol('cell keys');
