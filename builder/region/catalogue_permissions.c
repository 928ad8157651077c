/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "region/catalogue_permissions.h"
#include "region/catalogue_statement.h"

static const char *const kind_names[PERMISSION_KINDS] = { "user", "group", "organization",
                                                          "organizational-unit" };

static enum ingot_code change(struct catalogue *catalogue, const char *sql, const char *resource_id,
                              const struct permission *permission, struct ingot_error *err)
{
        struct statement statement;

        statement_begin(&statement, catalogue, sql);
        statement_bind_text(&statement, resource_id);
        statement_bind_text(&statement, kind_names[permission->kind]);
        statement_bind_text(&statement, permission->value);
        return statement_run(&statement, err);
}

enum ingot_code catalogue_give_permission(struct catalogue *catalogue, const char *resource_id,
                                          const struct permission *permission, struct ingot_error *err)
{
        static const char sql[] =
                "INSERT OR IGNORE INTO permissions (resource_id, kind, value) VALUES (?, ?, ?)";

        return change(catalogue, sql, resource_id, permission, err);
}

enum ingot_code catalogue_take_permission(struct catalogue *catalogue, const char *resource_id,
                                          const struct permission *permission, struct ingot_error *err)
{
        static const char sql[] = "DELETE FROM permissions WHERE resource_id = ? AND kind = ? AND value = ?";

        return change(catalogue, sql, resource_id, permission, err);
}

enum ingot_code catalogue_forget_permissions(struct catalogue *catalogue, const char *resource_id,
                                             struct ingot_error *err)
{
        struct statement statement;

        statement_begin(&statement, catalogue, "DELETE FROM permissions WHERE resource_id = ?");
        statement_bind_text(&statement, resource_id);
        return statement_run(&statement, err);
}

static enum ingot_code read_count(struct statement *statement, uint64_t *ret_count, struct ingot_error *err)
{
        uint64_t count = 0;
        enum ingot_code r;

        if (statement_step(statement))
                count = (uint64_t)statement_read_i64(statement);
        r = statement_end(statement, err);
        if (!r)
                *ret_count = count;
        return r;
}

enum ingot_code catalogue_has_permission(struct catalogue *catalogue, const char *resource_id,
                                         enum permission_kind kind, const char *value, bool *ret_has,
                                         struct ingot_error *err)
{
        struct statement statement;
        uint64_t count;
        enum ingot_code r;

        statement_begin(&statement, catalogue,
                        "SELECT count(*) FROM permissions WHERE resource_id = ? AND kind = ? AND value = ?");
        statement_bind_text(&statement, resource_id);
        statement_bind_text(&statement, kind_names[kind]);
        statement_bind_text(&statement, value);
        r = read_count(&statement, &count, err);
        if (!r)
                *ret_has = count > 0;
        return r;
}

enum ingot_code catalogue_count_permissions(struct catalogue *catalogue, const char *resource_id,
                                            uint64_t *ret_count, struct ingot_error *err)
{
        struct statement statement;

        statement_begin(&statement, catalogue, "SELECT count(*) FROM permissions WHERE resource_id = ?");
        statement_bind_text(&statement, resource_id);
        return read_count(&statement, ret_count, err);
}

enum ingot_code catalogue_count_public_images(struct catalogue *catalogue, const char *region,
                                              uint64_t *ret_count, struct ingot_error *err)
{
        struct statement statement;

        statement_begin(
                &statement, catalogue,
                "SELECT count(*) FROM images JOIN permissions ON resource_id = id WHERE region = ? AND "
                "kind = 'group' AND value = 'all'");
        statement_bind_text(&statement, region);
        return read_count(&statement, ret_count, err);
}

enum ingot_code catalogue_each_permission(struct catalogue *catalogue, const char *resource_id,
                                          void (*visit)(void *context, const struct permission *permission),
                                          void *context, struct ingot_error *err)
{
        struct statement statement;

        statement_begin(&statement, catalogue,
                        "SELECT kind, value FROM permissions WHERE resource_id = ? ORDER BY kind, value");
        statement_bind_text(&statement, resource_id);
        while (statement_step(&statement)) {
                struct permission permission = { .kind = PERMISSION_KINDS };
                char kind[32];

                statement_read_text(&statement, kind, sizeof(kind));
                statement_read_text(&statement, permission.value, sizeof(permission.value));
                for (unsigned i = 0; i < PERMISSION_KINDS; i++) {
                        if (strcmp(kind_names[i], kind) == 0)
                                permission.kind = (enum permission_kind)i;
                }
                if (permission.kind == PERMISSION_KINDS)
                        statement.is_damaged = true;
                else
                        visit(context, &permission);
        }
        return statement_end(&statement, err);
}
