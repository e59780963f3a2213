import { isIP } from 'node:net';
import { z } from 'zod';
import { isIssuerAllowed, oidcProviders } from './oidc-providers.ts';

/** The four services that one code base holds; each can be deployed by itself. */
export const SERVICES = ['user', 'expense', 'payment', 'notification'] as const;
export type ServiceName = (typeof SERVICES)[number];

const port = z.coerce.number().int().min(0).max(65_535);
const perMinute = z.coerce.number().int().min(1).max(100_000_000);
const perDay = z.coerce.number().int().min(1).max(1_000_000);
const url = z.string().min(1).optional();

/**
 * Every environment variable of the product, one documented entry each. Nothing else reads `process.env`.
 */
const schema = z.object({
  NODE_ENV: z.enum(['development', 'production', 'test']).default('development').describe('Only `production` changes anything: log level.'),
  PORT: port.default(3000).describe('Port of the API.'),
  HOST: z.string().default('127.0.0.1').describe('Address that the API listens on; containers set 0.0.0.0.'),
  TLS_CERT_FILE: z.string().optional().describe('PEM certificate chain: the API then speaks TLS itself; read again when it changes.'),
  TLS_KEY_FILE: z.string().optional().describe('PEM private key of TLS_CERT_FILE.'),
  TRUSTED_PROXIES: z
    .string()
    .default('')
    .refine((text) => listOf(text).every((item) => isAddressRange(item)), 'must be addresses or CIDR ranges, separated by commas')
    .describe('Addresses or CIDR ranges whose X-Forwarded-For is believed, separated by commas; none by default.'),
  CORS_ORIGINS: z
    .string()
    .default('')
    .refine((text) => listOf(text).every((item) => isOrigin(item)), 'must be origins such as https://app.example, separated by commas')
    .describe('Origins whose pages may call the API, separated by commas; none by default. Credentials are never sent by cookie.'),
  OPS_PORT: port.default(9464).describe('Port for /livez, /readyz (worker) and /metrics of this process.'),
  OPS_HOST: z.string().default('127.0.0.1').describe('Address of the operations port; loopback unless a scraper needs it.'),
  PUBLIC_URL: z.string().url().optional().describe('Base of links in mails and of problem types; the API itself by default.'),
  TEMPORAL_UI_URL: z.string().optional().describe('Where operators find the Temporal Web UI; shown by the demo.'),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info').describe('Least level that is logged.'),
  DATABASE_URL: z
    .string()
    .default('')
    .describe('Postgres, as an owner that may set the role of each service; the starter sets it for the embedded one.'),
  DATABASE_POOL_MAX: z.coerce.number().int().min(2).max(200).default(12).describe('Connections per service and process.'),
  TEMPORAL_ADDRESS: z.string().default('127.0.0.1:7233').describe('host:port of the Temporal frontend.'),
  TEMPORAL_NAMESPACE: z.string().default('default').describe('Temporal namespace.'),
  REDIS_URL: url.describe('Redis for rate limits across processes; counted in process when unset.'),
  SMTP_URL: url.describe('smtp://user:password@host:port for outgoing mail.'),
  MAIL_FROM: z.string().default('SafeSplitX <no-reply@safesplitx.example>').describe('Sender of every mail.'),
  STRIPE_SECRET_KEY: url.describe('Secret key of the Stripe account; Stripe is not offered when unset.'),
  STRIPE_API_BASE: url.describe('Base URL of the Stripe API where it is not Stripe itself (the sandbox double).'),
  STRIPE_WEBHOOK_SECRET: url.describe('Signing secret of the Stripe webhook endpoint.'),
  PASSWORD_MEMORY_KIB: z.coerce
    .number()
    .int()
    .min(7_168)
    .max(1_048_576)
    .default(19_456)
    .describe('Memory of one argon2id hash in KiB. With less than 19456, PASSWORD_PASSES must grow (OWASP Password Storage).'),
  PASSWORD_PASSES: z.coerce.number().int().min(1).max(20).default(2).describe('Passes of argon2id over its memory.'),
  PASSWORD_LANES: z.coerce.number().int().min(1).max(8).default(1).describe('Lanes of one argon2id hash.'),
  OIDC_PROVIDERS: oidcProviders.describe(
    'JSON list of OpenID providers to sign in with: id, issuer (https), clientId, clientSecret?, scopes?, displayName; none by default.',
  ),
  ECB_RATES_URL: z
    .url({ protocol: /^https?$/ })
    .refine((text) => text.endsWith('/'), 'must end with a slash')
    .default('https://www.ecb.europa.eu/stats/eurofxref/')
    .describe("Folder of the ECB's XML files of exchange rates (https); the sandbox's own with the embedded database."),
  DATA_DIR: z.string().min(1).default('.data').describe('Folder of the embedded parts, and of receipts where S3_BUCKET is not set.'),
  S3_BUCKET: url.describe(
    'Bucket for receipts in an S3-compatible store; without one they are in DATA_DIR/files, which API and worker then share.',
  ),
  S3_REGION: z.string().min(1).default('us-east-1').describe('Region of S3_BUCKET.'),
  S3_ENDPOINT: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('Base URL of an S3-compatible server; Amazon S3 when unset.'),
  S3_PATH_STYLE: z.stringbool().default(false).describe('The name of the bucket stands in the path, as MinIO and others want it.'),
  S3_ACCESS_KEY_ID: url.describe("Access key for S3_BUCKET; the SDK's own ways of finding one when unset."),
  S3_SECRET_ACCESS_KEY: url.describe('Secret of S3_ACCESS_KEY_ID.'),
  SECRETS_FILE: z.string().default('').describe('JSON file with the signing keys, see config/secrets.ts.'),
  RATE_LIMIT_CREDENTIAL: perMinute.default(1200).describe('Requests per minute for one signed-in user.'),
  RATE_LIMIT_ANONYMOUS: perMinute.default(300).describe('Requests per minute for one address without credentials.'),
  RATE_LIMIT_SIGN_IN_ACCOUNT: perMinute.default(10).describe('Sign-in attempts per minute for one account.'),
  RATE_LIMIT_SIGN_IN_ADDRESS: perMinute.default(60).describe('Sign-in attempts per minute for one address.'),
  RATE_LIMIT_REFRESH: perMinute.default(120).describe('Refreshes per minute for one token family.'),
  DAILY_LIMIT_FRIEND_REQUESTS: perDay.default(50).describe('Friend requests of one person within 24 hours.'),
  DAILY_LIMIT_INVITATIONS: perDay.default(500).describe('Invitations that one person makes within 24 hours.'),
  DAILY_LIMIT_INVITATION_MAILS: perDay.default(100).describe('Those of them that are for an address.'),
  DAILY_LIMIT_MAILS_TO_ADDRESS: perDay
    .default(20)
    .describe('Invitations, and friend requests, that are mailed to one address within 24 hours; beyond them none is, and nobody is told.'),
  DAILY_LIMIT_VERIFICATION_MAILS: perDay.default(10).describe('Verification mails for one account within 24 hours.'),
  DAILY_LIMIT_RESET_MAILS: perDay.default(10).describe('Mails that reset a password, asked for one address within 24 hours.'),
  ERASURE_GRACE_MINUTES: z.coerce
    .number()
    .int()
    .min(0)
    .max(43_200)
    .default(0)
    .describe('Minutes between the request to erase an account and its beginning, in which it can be taken back; at once by default.'),
  SANDBOX: z.stringbool().default(false).describe('Set by the starter: demo account and doubles exist.'),
  PARENT_WATCH: z.stringbool().default(false).describe('Set by the starter: end when its pipe to us closes.'),
  MAX_CACHED_WORKFLOWS: z.coerce
    .number()
    .int()
    .min(10)
    .max(10_000)
    .default(150)
    .describe('Sticky cache of each worker; a cached workflow costs about 0.4 MB.'),
});

/** The items of a setting that is separated by commas. */
export function listOf(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text && /^https?:/.test(text);
}

function isAddressRange(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  const most = isIP(address) === 4 ? 32 : 128;
  return isIP(address) !== 0 && rest.length === 0 && (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most));
}

function textOf(fallback: string | number | boolean | object): string {
  // A list that is empty by default reads better as no default.
  return typeof fallback === 'object' ? '' : String(fallback);
}

/** The parsed environment. */
export type Env = z.infer<typeof schema>;

/**
 * Reads and checks the environment.
 *
 * @param source the variables, `process.env` by default.
 * @throws Error with one line per variable that is wrong.
 */
export function readEnv(source: Record<string, string | undefined> = process.env): Env {
  const present = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== ''));
  const parsed = schema.safeParse(present);
  if (parsed.success) {
    const insecure = parsed.data.OIDC_PROVIDERS.find(({ issuer }) => !isIssuerAllowed(issuer, parsed.data.SANDBOX));
    if (insecure !== undefined) throw new Error(`environment: OIDC_PROVIDERS: the issuer of ${insecure.id} must be an https address`);
    // What it says becomes money, so nobody on the way may say it.
    if (!isIssuerAllowed(parsed.data.ECB_RATES_URL, parsed.data.SANDBOX))
      throw new Error('environment: ECB_RATES_URL: must be an https address');
    return parsed.data;
  }
  throw new Error(`environment: ${parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ')}`);
}

/** Name, meaning and default of each variable, for the operations manual. */
export function describeEnv(): { name: string; meaning: string; default: string }[] {
  return Object.entries(schema.shape).map(([name, field]) => {
    const fallback = field.safeParse(undefined);
    return {
      name,
      meaning: field.description ?? '',
      default: fallback.success && fallback.data !== undefined ? textOf(fallback.data) : '',
    };
  });
}
