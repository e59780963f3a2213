/**
 * A condition: who has proved to own an address has blocked a person.
 *
 * @param address SQL of the address, as typed.
 * @param userId SQL of the person's id.
 */
export function blocked(address: string, userId: string): string {
  return `exists (select 1 from user_pub.contact_v1 owner join user_pub.block_v1 b on b.account_id = owner.user_id and b.blocked_id = ${userId}
    where owner.email_key = lower(${address}) and owner.email_verified)`;
}
