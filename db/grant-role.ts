import { parseArgs } from 'node:util';
import { readEnv } from '../config/env.ts';
import { emailKey } from '../domain/account.ts';
import { isPlatformRole } from '../domain/scopes.ts';
import { audit } from './commands/user/audit.ts';
import { openDatabase } from './orm.ts';
import { transact } from './transact.ts';

// `DATABASE_URL=... node db/grant-role.ts EMAIL admin|support` gives an account with a verified address its platform role: for the
// first admin, who then gives the others theirs through PATCH /v1/users/{id}.

const { positionals } = parseArgs({ allowPositionals: true });
const [address, role, ...rest] = positionals;
if (address === undefined || role === undefined || !isPlatformRole(role) || rest.length > 0) {
  process.stderr.write('Usage: node db/grant-role.ts EMAIL admin|support\n');
  process.exit(2);
}
const db = await openDatabase('user', readEnv().DATABASE_URL, 2);
try {
  const { value: userId } = await transact(db, async (tx) => {
    const [row] = await tx.query<{ id: string }>(
      `update "user".account set platform_role = $2, version = version + 1, updated_at = now()
       where email_key = $1 and state = 'active' and email_verified_at is not null returning id`,
      [emailKey(address), role],
    );
    if (row !== undefined)
      await audit(tx, { action: 'user.role_changed', subjectId: row.id, data: { to: role, reason: 'given on the server' } });
    return row?.id;
  });
  if (userId === undefined) process.stderr.write('There is no active account with this address, or it was not verified.\n');
  else process.stdout.write(`${userId} is ${role} now.\n`);
  process.exitCode = userId === undefined ? 1 : 0;
} finally {
  await db.close();
}
