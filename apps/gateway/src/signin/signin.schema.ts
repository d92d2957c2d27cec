import { z } from 'zod';
import { ALL_PERMISSIONS } from '#libs/domain';
import { Id, Name, text } from '#libs/http';

const Email = z
  .string()
  .max(254)
  .transform((email) => email.trim().toLowerCase())
  .pipe(z.email());

const MIN_PASSWORD = 12;
const MAX_PASSWORD = 128;

/** Characters as people count them, in one form however they were typed. */
const NewPassword = text(1, 1_000)
  .transform((password) => password.normalize('NFC'))
  .refine(
    (password) => [...password].length >= MIN_PASSWORD && [...password].length <= MAX_PASSWORD,
    `must have ${MIN_PASSWORD} to ${MAX_PASSWORD} characters`,
  );

export const Bootstrap = z
  .strictObject({
    token: z.string().max(200),
    email: Email,
    password: NewPassword,
    organization: z.strictObject({ name: Name }),
  })
  .meta({ id: 'Bootstrap' });
export type Bootstrap = z.output<typeof Bootstrap>;

export const SignIn = z
  .strictObject({
    email: z.string().max(254),
    password: z.string().max(1_000),
    organizationId: Id.optional(),
  })
  .meta({ id: 'SignIn' });
export type SignIn = z.output<typeof SignIn>;

export const Refresh = z.strictObject({ organizationId: Id.optional() }).meta({ id: 'Refresh' });
export type Refresh = z.output<typeof Refresh>;

const Access = {
  accessToken: z.string(),
  expiresIn: z.number().int().meta({ description: 'Seconds.' }),
};

export const SignedIn = z.object(Access).meta({ id: 'SignedIn' });
export type SignedIn = z.output<typeof SignedIn>;

const User = z.object({ id: Id, email: z.string() });
const Organization = z.object({ id: Id, name: z.string() });

export const Bootstrapped = z
  .object({ user: User, organization: Organization, ...Access })
  .meta({ id: 'Bootstrapped' });
export type Bootstrapped = z.output<typeof Bootstrapped>;

export const Me = z
  .object({
    user: User,
    organization: Organization,
    roles: z.array(z.string()),
    permissions: z.array(z.enum(ALL_PERMISSIONS)),
  })
  .meta({ id: 'Me' });
export type Me = z.output<typeof Me>;
