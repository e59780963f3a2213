import { UserOutbox } from './user-outbox.ts';
import { UserIdempotency } from './user-idempotency.ts';
import { UserCursor } from './user-cursor.ts';
import { Account } from './account.ts';
import { Session } from './session.ts';
import { RecoveryCode } from './recovery-code.ts';
import { AuditEvent } from './audit-event.ts';
import { Identity } from './identity.ts';
import { IdentityLink } from './identity-link.ts';
import { OidcTransaction } from './oidc-transaction.ts';
import { OAuthApplication } from './oauth-application.ts';
import { OAuthArtifact } from './oauth-artifact.ts';
import { MailToken } from './mail-token.ts';
import { Preference } from './preference.ts';
import { Friendship } from './friendship.ts';
import { Block } from './block.ts';
import { UserExportPart } from './user-export-part.ts';
import { DataRequest } from './data-request.ts';
import { ExportArchive } from './export-archive.ts';

/** Every table of the user service. */
export const userEntities = [
  UserOutbox,
  UserIdempotency,
  UserCursor,
  Account,
  Session,
  MailToken,
  AuditEvent,
  RecoveryCode,
  Identity,
  IdentityLink,
  OidcTransaction,
  OAuthApplication,
  OAuthArtifact,
  Preference,
  Friendship,
  Block,
  UserExportPart,
  DataRequest,
  ExportArchive,
];
