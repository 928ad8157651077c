/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "region/catalogue_settings.h"
#include "region/catalogue_statement.h"

enum ingot_code catalogue_read_setting(struct catalogue *catalogue, const char *region, const char *name,
                                       const char *otherwise, char *ret_value, struct ingot_error *err)
{
        struct statement statement;

        (void)snprintf(ret_value, SETTING_CHARS + 1, "%s", otherwise);
        statement_begin(&statement, catalogue, "SELECT value FROM settings WHERE region = ? AND name = ?");
        statement_bind_text(&statement, region);
        statement_bind_text(&statement, name);
        if (statement_step(&statement))
                statement_read_text(&statement, ret_value, SETTING_CHARS + 1);
        return statement_end(&statement, err);
}

enum ingot_code catalogue_write_setting(struct catalogue *catalogue, const char *region, const char *name,
                                        const char *value, struct ingot_error *err)
{
        struct statement statement;

        if (value)
                statement_begin(&statement, catalogue,
                                "INSERT OR REPLACE INTO settings (region, name, value) VALUES (?, ?, ?)");
        else
                statement_begin(&statement, catalogue, "DELETE FROM settings WHERE region = ? AND name = ?");
        statement_bind_text(&statement, region);
        statement_bind_text(&statement, name);
        if (value)
                statement_bind_text(&statement, value);
        return statement_run(&statement, err);
}

enum ingot_code catalogue_add_key(struct catalogue *catalogue, const char *region,
                                  const struct key_record *key, struct ingot_error *err)
{
        struct statement statement;

        statement_begin(
                &statement, catalogue,
                "INSERT INTO keys (region, id, description, state, created_seconds, deletion_seconds) "
                "VALUES (?, ?, ?, ?, ?, ?)");
        statement_bind_text(&statement, region);
        statement_bind_text(&statement, key->id);
        statement_bind_text(&statement, key->description);
        statement_bind_text(&statement, key->state);
        statement_bind_i64(&statement, key->created_seconds);
        statement_bind_i64(&statement, key->deletion_seconds);
        return statement_run(&statement, err);
}

enum ingot_code catalogue_find_key(struct catalogue *catalogue, const char *region, const char *id,
                                   struct key_record *ret_key, struct ingot_error *err)
{
        struct statement statement;
        bool is_found;
        enum ingot_code r;

        statement_begin(&statement, catalogue,
                        "SELECT id, description, state, created_seconds, deletion_seconds FROM keys "
                        "WHERE region = ? AND id = ?");
        statement_bind_text(&statement, region);
        statement_bind_text(&statement, id);
        is_found = statement_step(&statement);
        if (is_found) {
                statement_read_text(&statement, ret_key->id, sizeof(ret_key->id));
                statement_read_text(&statement, ret_key->description, sizeof(ret_key->description));
                statement_read_text(&statement, ret_key->state, sizeof(ret_key->state));
                ret_key->created_seconds = statement_read_i64(&statement);
                ret_key->deletion_seconds = statement_read_i64(&statement);
        }
        r = statement_end(&statement, err);
        if (!r && !is_found)
                r = ingot_fail(err, INGOT_E_NOT_FOUND, "there is no key '%s'", id);
        return r;
}

enum ingot_code catalogue_update_key(struct catalogue *catalogue, const struct key_record *key,
                                     struct ingot_error *err)
{
        struct statement statement;

        statement_begin(&statement, catalogue,
                        "UPDATE keys SET state = ?, deletion_seconds = ? WHERE id = ?");
        statement_bind_text(&statement, key->state);
        statement_bind_i64(&statement, key->deletion_seconds);
        statement_bind_text(&statement, key->id);
        return statement_run(&statement, err);
}

enum ingot_code catalogue_add_alias(struct catalogue *catalogue, const char *region, const char *name,
                                    const char *key_id, int64_t created_seconds, struct ingot_error *err)
{
        struct statement statement;

        statement_begin(
                &statement, catalogue,
                "INSERT INTO key_aliases (region, name, key_id, created_seconds) VALUES (?, ?, ?, ?)");
        statement_bind_text(&statement, region);
        statement_bind_text(&statement, name);
        statement_bind_text(&statement, key_id);
        statement_bind_i64(&statement, created_seconds);
        return statement_run(&statement, err);
}

enum ingot_code catalogue_find_alias(struct catalogue *catalogue, const char *region, const char *name,
                                     char ret_key_id[KEY_ID_CHARS + 1], struct ingot_error *err)
{
        struct statement statement;
        bool is_found;
        enum ingot_code r;

        statement_begin(&statement, catalogue,
                        "SELECT key_id FROM key_aliases WHERE region = ? AND name = ?");
        statement_bind_text(&statement, region);
        statement_bind_text(&statement, name);
        is_found = statement_step(&statement);
        if (is_found)
                statement_read_text(&statement, ret_key_id, KEY_ID_CHARS + 1);
        r = statement_end(&statement, err);
        if (!r && !is_found)
                r = ingot_fail(err, INGOT_E_NOT_FOUND, "there is no alias '%s'", name);
        return r;
}

enum ingot_code catalogue_each_alias(struct catalogue *catalogue, const char *region, const char *key_id,
                                     void (*visit)(void *context, const char *name, const char *of_key_id,
                                                   int64_t created_seconds),
                                     void *context, struct ingot_error *err)
{
        struct statement statement;

        statement_begin(&statement, catalogue,
                        "SELECT name, key_id, created_seconds FROM key_aliases WHERE region = ?1 AND "
                        "(?2 IS NULL OR key_id = ?2) ORDER BY name");
        statement_bind_text(&statement, region);
        statement_bind_text(&statement, key_id);
        while (statement_step(&statement)) {
                char name[KEY_ALIAS_CHARS + 1], of_key_id[KEY_ID_CHARS + 1];

                statement_read_text(&statement, name, sizeof(name));
                statement_read_text(&statement, of_key_id, sizeof(of_key_id));
                visit(context, name, of_key_id, statement_read_i64(&statement));
        }
        return statement_end(&statement, err);
}
