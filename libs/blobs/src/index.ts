export { BlobMismatchError, BlobStore, stagingPrefix } from './blob-store.ts';
export {
  BlobTooLargeError,
  FileBlobStore,
} from './file-blob-store.ts';
export { S3BlobStore, type S3BlobStoreOptions } from './s3-blob-store.ts';
export { isSigned } from './signed-path.ts';
