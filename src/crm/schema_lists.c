/* Tables of long operations and of search; see schema_sql.c for the rules. */
#include "crm/schema_steps.h"

const char lists_sql[] =
    /* How far an operation is; written with each of its chunks. cursor: what its kind says, mostly the number of rows
       handled. state: text of its kind. via: of whoever asked for it. */
    "CREATE TABLE operation_run (operation_id BIGINT PRIMARY KEY, cursor BIGINT NOT NULL, state @TEXT,"
    " changed BIGINT NOT NULL, via BIGINT NOT NULL, stop_asked BIGINT NOT NULL);"
    /* What it is about: ids of one kind of record, a thousand a row (eight bytes each, lowest first), in order of
       their number from 0. */
    "CREATE TABLE operation_page (operation_id BIGINT NOT NULL, first BIGINT NOT NULL, object_kind BIGINT NOT NULL,"
    " ids @BLOB NOT NULL, PRIMARY KEY (operation_id, first));"
    /* The events of a chunk stand together in the journal: where. */
    "CREATE TABLE operation_span (operation_id BIGINT NOT NULL, first_seq BIGINT NOT NULL, last_seq BIGINT NOT NULL,"
    " PRIMARY KEY (operation_id, first_seq));"
    /* What could not be taken. row_number counts from 1 (of a file: its line). */
    "CREATE TABLE operation_problem (id @ID, operation_id BIGINT NOT NULL, row_number BIGINT NOT NULL,"
    " object_kind BIGINT NOT NULL, object_id BIGINT NOT NULL, code @TEXT NOT NULL, field @TEXT, arg0 @TEXT, arg1 @TEXT,"
    " value @TEXT);"
    "CREATE INDEX operation_problem_of ON operation_problem (operation_id, id);"
    "CREATE INDEX operation_active ON operation (id) WHERE state < 2;"
    "CREATE INDEX operation_change ON operation (of_change) WHERE of_change IS NOT NULL;"

    /* Lists by name, any page of them without touching the rows that are passed over. */
    "DROP INDEX contact_name;"
    "CREATE INDEX contact_name ON contact (name_fold, id) WHERE deleted_at IS NULL;"
    "DROP INDEX company_name;"
    "CREATE INDEX company_name ON company (name_fold, id) WHERE deleted_at IS NULL;"

    /* What search knows: words of records, folded (search.h). */
    "CREATE TABLE search_word (word @TEXT NOT NULL, object_kind BIGINT NOT NULL, object_id BIGINT NOT NULL,"
    " PRIMARY KEY (word, object_kind, object_id)) @KEYED;"
    /* Records behind after_id whose words are still to be written, up to until_id. */
    "CREATE TABLE search_waiting (object_kind BIGINT PRIMARY KEY, after_id BIGINT NOT NULL, until_id BIGINT NOT NULL);"
    "INSERT INTO search_waiting SELECT 3, 0, MAX(id) FROM deal HAVING COUNT(*) > 0;"
    "INSERT INTO search_waiting SELECT 4, 0, MAX(id) FROM contact HAVING COUNT(*) > 0;"
    "INSERT INTO search_waiting SELECT 5, 0, MAX(id) FROM company HAVING COUNT(*) > 0;"
    "INSERT INTO search_waiting SELECT 6, 0, MAX(id) FROM task HAVING COUNT(*) > 0;"
    "INSERT INTO search_waiting SELECT 7, 0, MAX(id) FROM note HAVING COUNT(*) > 0;"
    "INSERT INTO search_waiting SELECT 8, 0, MAX(id) FROM product HAVING COUNT(*) > 0;";
