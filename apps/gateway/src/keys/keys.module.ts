import { Module } from '@nestjs/common';
import { CreateKeyAction } from './create-key.action.ts';
import { GetKeyAction } from './get-key.action.ts';
import { KeyStore } from './key.store.ts';
import { KeyAuthenticator } from './key-authenticator.ts';
import { KeysController } from './keys.controller.ts';
import { ListKeysAction } from './list-keys.action.ts';
import { RevokeKeyAction } from './revoke-key.action.ts';

@Module({
  controllers: [KeysController],
  providers: [KeyStore, KeyAuthenticator, CreateKeyAction, GetKeyAction, ListKeysAction, RevokeKeyAction],
  exports: [KeyAuthenticator],
})
export class KeysModule {}
