import { crc32 } from 'node:zlib';

export function partitionOfKey(key: string, partitions: number): number {
  return crc32(key) % partitions;
}
