export { BlobStore, type Measured, stagingPrefix } from './blob-store.ts';
export {
  BlobMismatchError,
  BlobTooLargeError,
  FileBlobStore,
  type FileBlobStoreOptions,
} from './file-blob-store.ts';
export { isSigned, type SignedPath } from './signed-path.ts';
