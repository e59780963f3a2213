import { refreshToken } from '../../../../config/opaque-tokens.ts';
import type { Secrets } from '../../../../config/secrets.ts';
import { ACCESS_TOKEN_SECONDS, accessTokenSigner } from '../../../../config/tokens.ts';
import type { OpenSession } from '../../../../db/commands/user/sessions.ts';
import { findAccount } from '../../../../db/queries/user/accounts.ts';
import type { Tx } from '../../../../db/transact.ts';

type Signer = ReturnType<typeof accessTokenSigner>;

/** Reading the signing key costs more than a signature, so a signer is kept with its secrets. */
const signers = new WeakMap<Secrets, Signer>();

/** What a client gets for a session: who they are, and a pair of tokens. */
export async function presentSession(query: Tx['query'], secrets: Secrets, session: OpenSession): Promise<Record<string, unknown>> {
  const user = await findAccount(query, session.userId);
  if (user === null) throw new Error(`account ${session.userId} vanished within its own request`);
  return {
    user,
    accessToken: await signerOf(secrets)({ userId: session.userId, sessionId: session.sessionId }),
    refreshToken: refreshToken(secrets, session),
    expiresIn: ACCESS_TOKEN_SECONDS,
  };
}

function signerOf(secrets: Secrets): Signer {
  const kept = signers.get(secrets) ?? accessTokenSigner(secrets);
  signers.set(secrets, kept);
  return kept;
}
