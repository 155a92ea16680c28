/* The texts of the migration steps, in the files that own them, and what they share. A published step is never edited.
 */
#pragma once
#include "store/migrate.h"

#define HEAD                                                                                                           \
    "id @ID, version BIGINT NOT NULL, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, deleted_at BIGINT, "

extern const char lists_sql[];          /* schema_lists.c */
extern const char people_sql[];         /* schema_people.c */
extern const char rights_sql_step[];    /* schema_rights.c */
extern const char replay_sql[];         /* schema_replay.c */
extern const char discipline_sql[];     /* schema_discipline.c */
extern const char insight_sql[];        /* schema_insight.c */
extern const char messages_sql[];       /* schema_messages.c */
extern const char mail_sql[];           /* schema_insight.c */
extern const char letters_sql[];        /* schema_insight.c */
extern const char notice_letters_sql[]; /* schema_insight.c */
extern const char gates_sql[];          /* schema_gates.c */
extern const char clients_sql[];        /* schema_clients.c */
enum rc clients_backfill(struct db *db, struct err *e);
extern const char rules_sql[];    /* schema_rules.c */
extern const char contacts_sql[]; /* schema_contacts.c */
extern const char tasks_sql[];    /* schema_tasks.c */
enum rc tasks_backfill(struct db *db, struct err *e);
enum rc contacts_backfill(struct db *db, struct err *e);
