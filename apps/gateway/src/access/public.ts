import { SetMetadata } from '@nestjs/common';

export const IS_PUBLIC = 'headgate:public';

/** Opens a route to anyone. The list of these routes is held by a test. */
export const Public = () => SetMetadata(IS_PUBLIC, true);
