import { z } from 'zod';
import { exitWithParent } from '../../config/parent-watch.ts';
import { startDoubles } from './doubles.ts';

const port = z.coerce.number().int().min(0).max(65_535).default(0);

/** The doubles' own variables: they are a program beside the platform and share none of its configuration. */
const environmentSchema = z.object({
  /** The page; 0 takes a free port, as for the other two. */
  SANDBOX_PORT: port,
  STRIPE_DOUBLE_PORT: port,
  SMTP_DOUBLE_PORT: port,
  /** Signs webhooks. */
  STRIPE_WEBHOOK_SECRET: z.string().min(1).default('whsec_sandbox'),
  /** Our API's endpoint for Stripe's webhooks; empty sends none. */
  WEBHOOK_URL: z.union([z.url(), z.literal('')]).optional(),
  /** Our API's callback for the OpenID provider where it is not on this machine. */
  OPENID_REDIRECT_URI: z.union([z.url(), z.literal('')]).optional(),
  DATA_DIR: z.string().min(1).default('.data'),
  /** When set, the process ends with the one that holds its standard input. */
  SANDBOX_PARENT_WATCH: z.string().optional(),
  /** When set, the process ends with the one that started it and holds its channel. */
  PARENT_WATCH: z.string().optional(),
});

/** Ending takes no longer than this, whatever is open. */
const STOP_MS = 900;

const environment = readEnvironment();
const doubles = await startDoubles({
  dataDir: environment.DATA_DIR,
  webhookUrl: environment.WEBHOOK_URL || undefined,
  webhookSecret: environment.STRIPE_WEBHOOK_SECRET,
  openIdRedirectUris: environment.OPENID_REDIRECT_URI ? [environment.OPENID_REDIRECT_URI] : [],
  ports: { sandbox: environment.SANDBOX_PORT, stripe: environment.STRIPE_DOUBLE_PORT, smtp: environment.SMTP_DOUBLE_PORT },
}).catch((error: NodeJS.ErrnoException) => end(describe(error)));

process.once('SIGTERM', stop);
process.once('SIGINT', stop);
exitWithParent(stop, Boolean(environment.PARENT_WATCH));
if (environment.SANDBOX_PARENT_WATCH) process.stdin.on('end', stop).on('error', stop).resume();

const { sandboxPort, stripePort, smtpPort } = doubles;
process.stdout.write(
  `${JSON.stringify({ ready: true, sandboxPort, stripePort, smtpPort, sandboxUrl: doubles.sandboxUrl, stripeUrl: doubles.stripeUrl })}\n`,
);

function stop(): void {
  setTimeout(() => process.exit(0), STOP_MS).unref();
  void doubles.stop().finally(() => process.exit(0));
}

function readEnvironment(): z.infer<typeof environmentSchema> {
  const parsed = environmentSchema.safeParse(process.env);
  if (parsed.success) return parsed.data;
  return end(
    `The doubles' environment is wrong: ${parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ')}`,
  );
}

function describe(error: NodeJS.ErrnoException & { port?: number }): string {
  if (error.code === 'EADDRINUSE')
    return `Port ${error.port ?? ''} on 127.0.0.1 is taken by another program. Choose another by SANDBOX_PORT, STRIPE_DOUBLE_PORT or SMTP_DOUBLE_PORT.`;
  if (error.code === 'ENOSPC') return 'The disk is full: the doubles cannot keep their state.';
  if (error.code === 'EACCES') return `The doubles may not write to their folder: ${error.path ?? environment.DATA_DIR}.`;
  return `The doubles cannot start: ${error.message}`;
}

function end(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
