import { Migration } from '@mikro-orm/migrations';

const SERVICES = ['user', 'expense', 'payment', 'notification'];

/** How far the consumers in each service have read, so that no service deletes events that somebody has yet to read. */
export class PublishedCursors extends Migration {
  override up(): void {
    for (const service of SERVICES) {
      this.addSql(
        `create view ${service}_pub.cursor_v1 as select consumer, source, position, updated_at from "${service}".consumer_cursor;`,
      );
      for (const reader of SERVICES) this.addSql(`grant select on ${service}_pub.cursor_v1 to safesplitx_${reader};`);
    }
  }
}
