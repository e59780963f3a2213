/** One deliberate mistake and the test that must notice it. */
export interface Mutation {
  /** Name of the patch in `patches/`, without its suffix. */
  readonly patch: string;
  /** The rule that the patch breaks, in the words of the contract. */
  readonly breaks: string;
  readonly file: string;
  /** The full title of the test in that file, or its end. */
  readonly test: string;
}

/** Mistakes that cost money, pay or record twice, or show and allow what they must not; a new one is a patch and an entry here. */
export const MUTATIONS: readonly Mutation[] = [
  {
    patch: '01-ties-not-rotated',
    breaks: 'ties of a split rotate by the tie break',
    file: 'domain/split.test.ts',
    test: 'equal, the odd cents rotate with the tie break, so that nobody always pays them',
  },
  {
    patch: '02-remainder-to-the-last',
    breaks: 'left over units go to the largest fractions',
    file: 'domain/split.test.ts',
    test: 'shares, the remainder goes to the largest fraction and not to the last',
  },
  {
    patch: '03-remainder-lost',
    breaks: 'parts add up to the total',
    file: 'domain/split.properties.test.ts',
    test: 'parts add up to the total, none is below zero, everybody named has one',
  },
  {
    patch: '04-yen-with-cents',
    breaks: 'every currency has the digits of ISO 4217',
    file: 'domain/currency.test.ts',
    test: 'gives the digits of ISO for every currency',
  },
  {
    patch: '05-posting-not-summed',
    breaks: 'a posting sums to zero per currency, in the domain',
    file: 'domain/ledger.test.ts',
    test: 'expense, sides that differ or are below zero, is a defect',
  },
  {
    patch: '06-database-does-not-sum',
    breaks: 'a posting sums to zero per currency, in Postgres',
    file: 'db/schema.test.ts',
    test: 'posting that sums to zero over currencies and not within each: refused',
  },
  {
    patch: '07-ledger-may-be-changed',
    breaks: 'ledger rows are append-only, for the owner too',
    file: 'db/schema.test.ts',
    test: 'update expense.posting set group_id = group_id: refused to the owner by the trigger',
  },
  {
    patch: '08-reservation-ignored',
    breaks: 'plans and payments work on balances less reservations',
    file: 'domain/balance.test.ts',
    test: 'available is the balance after all reserved transfers are paid, and paying one of them leaves it unchanged',
  },
  {
    patch: '09-overpayment',
    breaks: 'a transfer is never paid above what remains',
    file: 'domain/transfer.test.ts',
    test: 'payAmount, all that remains, a part, and one minor unit beyond each limit',
  },
  {
    patch: '10-refund-above-payment',
    breaks: 'refunds that may still succeed count: together never above the payment',
    file: 'domain/refund.test.ts',
    test: 'any refunds one after the other, together never above the payment',
  },
  {
    patch: '11-time-out-is-final',
    breaks: 'a time-out at the gateway is unknown, never failed',
    file: 'domain/transitions.test.ts',
    test: 'a time-out never ends as a failure by itself',
  },
  {
    patch: '12-declined-is-final',
    breaks: 'a declined attempt is still open: no new epoch before it is cancelled',
    file: 'domain/transitions.test.ts',
    test: 'final states',
  },
  {
    patch: '13-plan-not-minimal',
    breaks: 'a plan has the fewest transfers there are',
    file: 'domain/plan.test.ts',
    test: 'up to ten members, as few transfers as brute force finds',
  },
  {
    patch: '14-creator-votes',
    breaks: 'whoever records an expense does not approve it',
    file: 'domain/approval.test.ts',
    test: 'all: payers and sharers with an account, without the creator',
  },
  {
    patch: '15-viewer-records',
    breaks: 'a viewer records nothing, whatever the policy says',
    file: 'domain/roles.test.ts',
    test: 'expenses: who may add',
  },
  {
    patch: '16-key-with-other-content',
    breaks: 'an Idempotency-Key with other content is refused',
    file: 'api/conventions.test.ts',
    test: 'refuses the same key with other content',
  },
  {
    patch: '17-key-not-claimed',
    breaks: 'the same Idempotency-Key does the work once',
    file: 'api/conventions.test.ts',
    test: 'gives the first answer again, and does the work once',
  },
  {
    patch: '18-stale-version-accepted',
    breaks: 'a stale If-Match is 412',
    file: 'api/conventions.test.ts',
    test: 'needs If-Match, refuses a stale one and takes a fitting one, a list or *',
  },
  {
    patch: '19-stranger-sees',
    breaks: 'a group is 404 to who is not in it',
    file: 'api/conventions.test.ts',
    test: 'answers 404 for what the caller may not see, before it looks at the body',
  },
  {
    patch: '20-role-not-asked',
    breaks: 'a role that is too weak is 403',
    file: 'api/routes/expense/members/members.test.ts',
    test: 'roles, each of them, may add, change and remove only as owner or admin',
  },
  {
    patch: '21-anybody-pays',
    breaks: 'nobody pays for a member who has an account',
    file: 'api/routes/payment/payment-routes.test.ts',
    test: 'pay, by others than the payer, is refused, and seen by outsiders as nothing',
  },
  {
    patch: '22-webhook-not-signed',
    breaks: 'news without the gateway’s signature is not believed',
    file: 'api/routes/payment/webhook-signature.test.ts',
    test: 'missing, of another secret, over another body or stale, is 400 and nothing is kept',
  },
  {
    patch: '23-unknown-sent-again',
    breaks: 'an unknown payment is asked about before anything is sent',
    file: 'activities/payment/transfer-decision.test.ts',
    test: 'unknown attempt is asked about and never sent blindly',
  },
  {
    patch: '24-decline-makes-a-new-key',
    breaks: 'a declined payment is tried again under its own key',
    file: 'workflows/payment/payment.test.ts',
    test: 'transfer, declined and paid again, confirms the same intent and charges once',
  },
  {
    patch: '25-typ-not-looked-at',
    breaks: 'an access token has the type of one',
    file: 'api/attacks/jwt.test.ts',
    test: 'wrong typ, is refused',
  },
  {
    patch: '26-retired-key-verifies',
    breaks: 'a retired key verifies nothing',
    file: 'api/attacks/jwt.test.ts',
    test: 'retired key, is refused though its token was verified before',
  },
  {
    patch: '27-claims-twice',
    breaks: 'a token with a claim written twice is none',
    file: 'api/attacks/jwt.test.ts',
    test: 'a claim written twice, is refused though we signed it',
  },
  {
    patch: '28-session-of-another',
    breaks: 'a token opens the session of its own user',
    file: 'api/attacks/jwt.test.ts',
    test: 'the session of another person, is refused',
  },
  {
    patch: '29-issuers-mixed-up',
    breaks: 'the issuer of applications signs no sign-ins',
    file: 'api/attacks/jwt.test.ts',
    test: 'the issuer of applications on the session of a sign-in, is refused',
  },
  {
    patch: '30-scope-not-asked',
    breaks: 'a token may only what its scopes say',
    file: 'api/routes/user/tokens/tokens.test.ts',
    test: 'made, opens what its scopes say on every process, and nothing else',
  },
  {
    patch: '31-ended-lives',
    breaks: 'a session that ended opens nothing',
    file: 'api/routes/user/tokens/tokens.test.ts',
    test: 'ended, is refused everywhere within a second',
  },
  {
    patch: '32-reset-twice',
    breaks: 'a token of a mail is good once',
    file: 'api/routes/user/auth/password.test.ts',
    test: 'token used twice, also at once, is 409 token_used',
  },
  {
    patch: '33-reset-keeps-sessions',
    breaks: 'another password ends what was signed in by the old one',
    file: 'api/routes/user/auth/password.test.ts',
    test: 'reset by the mail’s token, signs in with the new one, not the old one, and ends what was signed in',
  },
  {
    patch: '34-code-twice',
    breaks: 'a code of an app is taken once',
    file: 'api/routes/user/auth/totp.test.ts',
    test: 'a code, is taken once, also by many at once',
  },
  {
    patch: '35-second-factor-skipped',
    breaks: 'with a second factor the password alone opens nothing',
    file: 'api/routes/user/auth/totp.test.ts',
    test: 'set up and confirmed, a sign-in needs its code',
  },
  {
    patch: '36-support-gives-roles',
    breaks: 'only an admin gives platform roles',
    file: 'api/routes/user/users/users.test.ts',
    test: 'support, gives no roles and suspends nobody who has one',
  },
  {
    patch: '37-acts-unseen',
    breaks: 'every act by a platform role is in the log',
    file: 'api/routes/user/users/users.test.ts',
    test: 'every act, reading too, is in the log with who did it and why',
  },
  {
    patch: '38-unknown-costs-nothing',
    breaks: 'an unknown account costs as much as a known one',
    file: 'api/routes/user/auth/password.test.ts',
    test: 'known and unknown accounts, right and wrong passwords, cost one hash each',
  },
  {
    patch: '39-sessions-of-others',
    breaks: 'nobody ends the sessions of others',
    file: 'api/policy-matrix.test.ts',
    test: 'endSession, is done by those who may, and by nobody else',
  },
  {
    patch: '40-every-origin',
    breaks: 'only pages of configured origins may call',
    file: 'api/edge.test.ts',
    test: 'of https://evil.example, get no header',
  },
  {
    patch: '41-names-twice',
    breaks: 'a field written twice is refused',
    file: 'api/attacks/objects.test.ts',
    test: 'a field written twice, is duplicate_field, though both are the same',
  },
  {
    patch: '42-creator-whatever-the-role',
    breaks: 'what is somebody’s own still needs a role',
    file: 'api/policy-matrix.test.ts',
    test: 'updateExpense, is done by those who may, and by nobody else',
  },
  {
    patch: '43-browser-of-another',
    breaks: 'a sign-in ends in the browser that began it',
    file: 'api/routes/user/oidc/oidc.test.ts',
    test: 'callback, in another browser than the one that began, signs nobody in',
  },
  {
    patch: '44-unverified-address',
    breaks: 'a provider vouches for an address, or it is none',
    file: 'api/routes/user/oidc/hostile.test.ts',
    test: 'email_verified that is a text, missing or false, and an address that is none, make no account',
  },
  {
    patch: '45-form-without-token',
    breaks: 'a form of ours is sent with its token',
    file: 'api/attacks/oauth.test.ts',
    test: 'sent without the cookie or the token of the form, allow nothing',
  },
  {
    patch: '50-blocked-are-heard',
    breaks: 'who is blocked is heard no more',
    file: 'api/routes/user/friends/friends.test.ts',
    test: 'block, ends a friendship, hides what the blocked one asked, and stays unseen by them',
  },
  {
    patch: '51-asked-is-named',
    breaks: 'an asker learns nothing of who has an account',
    file: 'api/routes/user/friends/friends.test.ts',
    test: 'a request, to nobody, to an unverified one, to a blocker and to a stranger, is answered alike',
  },
  {
    patch: '52-unproved-address-asked',
    breaks: 'a request belongs to who has proved the address',
    file: 'api/routes/user/friends/friends.test.ts',
    test: 'a request to an address, is its owner’s once they have proved it, and not a moment before',
  },
  {
    patch: '53-third-friend',
    breaks: 'the database knows no third member of a ledger of two',
    file: 'api/routes/expense/groups/friend-ledger.test.ts',
    test: 'a third member, written past the commands or by an invitation of somebody with a role, is refused',
  },
  {
    patch: '54-one-more-a-day',
    breaks: 'a limit of a day is that many, not one more',
    file: 'api/routes/expense/invitations/limits.test.ts',
    test: 'of one person, over all groups and at one moment: the fifth is made, the sixth is 429 with Retry-After',
  },
  {
    patch: '55-invitation-taken-over',
    breaks: 'an unverified address takes over no invitation',
    file: 'api/routes/expense/invitations/invitations.test.ts',
    test: 'attack: an account that was registered with the address of another, unverified, takes over no member and hears of no invitation',
  },
  {
    patch: '60-codes-tried-for-ever',
    breaks: 'codes of an app cannot be tried for ever',
    file: 'api/routes/user/auth/totp.test.ts',
    test: 'twenty wrong codes in a row, and codes of the app are not looked at for a day; recovery codes are',
  },
  {
    patch: '61-end-believed-later',
    breaks: 'what ends on one process has ended on every other within a second',
    file: 'test/http/two-processes.test.ts',
    test: 'sign-out, counts at both within a second',
  },
  {
    patch: '62-cause-told',
    breaks: 'no answer tells the cause of an unexpected error',
    file: 'api/frame.test.ts',
    test: 'an unexpected error, is a 500 without a word of it, and is in the log with the id that the caller was told',
  },
  {
    patch: '63-session-without-end',
    breaks: 'a session has a last day, however often it is refreshed',
    file: 'api/routes/user/auth/auth.test.ts',
    test: 'refresh, a year after the sign-in, is 401, however often it was refreshed before',
  },
  {
    patch: '80-name-in-kept-answers',
    breaks: 'an erased person is named in no answer that is kept for others',
    file: 'activities/shared/person.test.ts',
    test: 'answers kept for others, are still theirs and name nobody',
  },
  {
    patch: '81-erased-while-money-moves',
    breaks: 'nobody is erased while a gateway moves their money',
    file: 'activities/shared/person.test.ts',
    test: 'does not begin before its time, nor once money is on its way',
  },
  {
    patch: '82-export-of-another',
    breaks: 'an export is seen by its owner alone',
    file: 'api/routes/user/requests/requests.test.ts',
    test: 'export of somebody else, is not there',
  },
  {
    patch: '83-heir-whoever',
    breaks: 'a group of an erased owner goes to the highest role',
    file: 'activities/shared/person.test.ts',
    test: 'a group of the person, goes to the highest role, then to whoever was there first',
  },
];
