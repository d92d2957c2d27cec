export { KeyAuthenticator } from './key-authenticator.ts';
