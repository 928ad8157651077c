/* SPDX-License-Identifier: Apache-2.0 */
#include "region/catalogue_tags.h"
#include "region/catalogue_statement.h"

enum ingot_code catalogue_set_tag(struct catalogue *catalogue, const char *region, const char *resource_id,
                                  const struct tag *tag, struct ingot_error *err)
{
        struct statement statement;

        statement_begin(&statement, catalogue,
                        "INSERT OR REPLACE INTO tags (region, resource_id, key, value) VALUES (?, ?, ?, ?)");
        statement_bind_text(&statement, region);
        statement_bind_text(&statement, resource_id);
        statement_bind_text(&statement, tag->key);
        statement_bind_text(&statement, tag->value);
        return statement_run(&statement, err);
}

enum ingot_code catalogue_remove_tag(struct catalogue *catalogue, const char *resource_id, const char *key,
                                     const char *value, struct ingot_error *err)
{
        struct statement statement;

        statement_begin(
                &statement, catalogue,
                "DELETE FROM tags WHERE resource_id = ?1 AND key = ?2 AND (?3 IS NULL OR value = ?3)");
        statement_bind_text(&statement, resource_id);
        statement_bind_text(&statement, key);
        statement_bind_text(&statement, value);
        return statement_run(&statement, err);
}

enum ingot_code catalogue_remove_tags(struct catalogue *catalogue, const char *resource_id,
                                      struct ingot_error *err)
{
        struct statement statement;

        statement_begin(&statement, catalogue, "DELETE FROM tags WHERE resource_id = ?");
        statement_bind_text(&statement, resource_id);
        return statement_run(&statement, err);
}

enum ingot_code catalogue_read_tags(struct catalogue *catalogue, const char *resource_id,
                                    struct tag ret_tags[TAGS_MAX], uint32_t *ret_count,
                                    struct ingot_error *err)
{
        struct statement statement;
        uint32_t count = 0;
        enum ingot_code r;

        statement_begin(&statement, catalogue,
                        "SELECT key, value FROM tags WHERE resource_id = ? ORDER BY key");
        statement_bind_text(&statement, resource_id);
        while (count < TAGS_MAX && statement_step(&statement)) {
                statement_read_text(&statement, ret_tags[count].key, sizeof(ret_tags[count].key));
                statement_read_text(&statement, ret_tags[count].value, sizeof(ret_tags[count].value));
                count++;
        }
        r = statement_end(&statement, err);
        if (!r)
                *ret_count = count;
        return r;
}

enum ingot_code catalogue_each_tag(struct catalogue *catalogue, const char *region, const char *after_id,
                                   const char *after_key,
                                   enum ingot_code (*visit)(void *context, const char *resource_id,
                                                            const struct tag *tag, bool *ret_stop,
                                                            struct ingot_error *err),
                                   void *context, struct ingot_error *err)
{
        struct statement statement;
        bool stop = false;
        enum ingot_code r = INGOT_OK, ended;

        statement_begin(&statement, catalogue,
                        "SELECT resource_id, key, value FROM tags WHERE region = ? AND "
                        "(resource_id, key) > (?, ?) ORDER BY resource_id, key");
        statement_bind_text(&statement, region);
        statement_bind_text(&statement, after_id);
        statement_bind_text(&statement, after_key);
        while (!r && !stop && statement_step(&statement)) {
                char resource_id[RESOURCE_ID_CHARS + 1];
                struct tag tag;

                statement_read_text(&statement, resource_id, sizeof(resource_id));
                statement_read_text(&statement, tag.key, sizeof(tag.key));
                statement_read_text(&statement, tag.value, sizeof(tag.value));
                r = visit(context, resource_id, &tag, &stop, err);
        }
        ended = statement_end(&statement, r ? NULL : err);
        return r ? r : ended;
}
