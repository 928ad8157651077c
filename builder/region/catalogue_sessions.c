/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "region/catalogue_sessions.h"
#include "region/catalogue_statement.h"

enum { REMEMBERED_SECONDS = 86400 };

enum ingot_code catalogue_add_session(struct catalogue *catalogue, const struct session_record *session,
                                      int64_t now_seconds, struct ingot_error *err)
{
        struct statement statement;
        enum ingot_code r;

        statement_begin(&statement, catalogue, "DELETE FROM sessions WHERE expires_seconds < ?");
        statement_bind_i64(&statement, now_seconds - REMEMBERED_SECONDS);
        r = statement_run(&statement, err);
        if (r)
                return r;
        statement_begin(
                &statement, catalogue,
                "INSERT INTO sessions (access_key_id, secret_access_key, session_token, account_id, arn, "
                "user_id, expires_seconds) VALUES (?, ?, ?, ?, ?, ?, ?)");
        statement_bind_text(&statement, session->access_key_id);
        statement_bind_text(&statement, session->secret_access_key);
        statement_bind_text(&statement, session->session_token);
        statement_bind_text(&statement, session->account_id);
        statement_bind_text(&statement, session->arn);
        statement_bind_text(&statement, session->user_id);
        statement_bind_i64(&statement, session->expires_seconds);
        return statement_run(&statement, err);
}

enum ingot_code catalogue_find_session(struct catalogue *catalogue, const char *access_key_id,
                                       struct session_record *ret_session, struct ingot_error *err)
{
        struct statement statement;
        bool is_found;
        enum ingot_code r;

        statement_begin(&statement, catalogue,
                        "SELECT access_key_id, secret_access_key, session_token, account_id, arn, user_id, "
                        "expires_seconds FROM sessions WHERE access_key_id = ?");
        statement_bind_text(&statement, access_key_id);
        is_found = statement_step(&statement);
        if (is_found) {
                struct session_record *session = ret_session;

                memset(session, 0, sizeof(*session));
                statement_read_text(&statement, session->access_key_id, sizeof(session->access_key_id));
                statement_read_text(&statement, session->secret_access_key,
                                    sizeof(session->secret_access_key));
                statement_read_text(&statement, session->session_token, sizeof(session->session_token));
                statement_read_text(&statement, session->account_id, sizeof(session->account_id));
                statement_read_text(&statement, session->arn, sizeof(session->arn));
                statement_read_text(&statement, session->user_id, sizeof(session->user_id));
                session->expires_seconds = statement_read_i64(&statement);
        }
        r = statement_end(&statement, err);
        if (!r && !is_found)
                r = ingot_fail(err, INGOT_E_NOT_FOUND, "there is no session of key '%s'", access_key_id);
        return r;
}
