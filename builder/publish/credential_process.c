/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "base/fd.h"
#include "base/own.h"
#include "base/process.h"
#include "publish/credential_fetch.h"
#include "publish/shell_words.h"

enum { ORIGIN_CHARS = 300 };

/* Runs the program and reads what it printed, which was never on a disk. */
static enum ingot_code run(const struct credential_query *query, const char *const *argv, struct buffer *out,
                           struct ingot_error *err)
{
        static const char *const nothing[] = { NULL };
        const char *const *environment = query->config->environment;
        OWNED(fd_drop) int fd = memfd_create("credentials", MFD_CLOEXEC);
        struct process_request request = { .argv = argv,
                                           .envp = environment ? environment : nothing,
                                           .phase = "running the credential_process",
                                           .output_fd = fd };
        const struct ingot_observer stop = { .context = query->stop ? query->stop->context : NULL,
                                             .is_cancelled = query->stop ? query->stop->is_cancelled : NULL };
        uint64_t size_bytes = 0;
        char bytes[4096];
        enum ingot_code r;

        if (fd < 0)
                return ingot_fail_errno(err, "making a file in memory");
        r = process_run(&request, &stop, err);
        if (!r)
                r = fd_size(fd, argv[0], &size_bytes, err);
        if (!r && size_bytes > CREDENTIAL_REPLY_BYTES_MAX)
                r = ingot_fail(err, INGOT_E_FORMAT, "'%.200s' printed more than %d bytes", argv[0],
                               CREDENTIAL_REPLY_BYTES_MAX);
        for (uint64_t at = 0; !r && at < size_bytes; at += sizeof(bytes)) {
                size_t some = size_bytes - at < sizeof(bytes) ? (size_t)(size_bytes - at) : sizeof(bytes);

                r = fd_read_at(fd, argv[0], at, bytes, some, err);
                if (!r)
                        buffer_append(out, bytes, some);
        }
        secret_wipe(bytes, sizeof(bytes));
        return r ? r : buffer_check(out, err);
}

static enum ingot_code read_output(const struct buffer *text, const char *program, const char *origin,
                                   struct credentials *ret_credentials, struct ingot_error *err)
{
        static const struct credential_members members = { "AccessKeyId", "SecretAccessKey", "SessionToken",
                                                           "Expiration", "AccountId" };
        OWNED(json_value_drop) struct json_value *printed = NULL;
        uint64_t version = 0;
        enum ingot_code r = json_value_parse(text->bytes, text->size_bytes, program, &printed, err);

        if (!r)
                r = json_need_u64(printed, program, "Version", &version, err);
        if (!r && version != 1)
                r = ingot_fail(err, INGOT_E_FORMAT, "'%.200s' printed Version %llu; 1 is known", program,
                               (unsigned long long)version);
        return r ? r : credential_of_json(printed, &members, origin, ret_credentials, err);
}

enum ingot_code credential_ask_process(const struct credential_query *query, struct credential_answer *answer,
                                       struct ingot_error *err)
{
        OWNED(credential_buffer_release) struct buffer text = BUFFER_INIT(CREDENTIAL_REPLY_BYTES_MAX + 1);
        OWNED(shell_words_release) struct shell_words words = { .argv = NULL };
        const char *line = aws_config_value(query->config, query->profile, "credential_process");
        const char *account = aws_config_value(query->config, query->profile, "aws_account_id");
        char origin[ORIGIN_CHARS];
        enum ingot_code r;

        if (!line)
                return credential_not_mine(answer, "profile '%.100s' has no credential_process",
                                           query->profile);
        r = shell_words_split(line, &words, err);
        if (!r && !words.count)
                r = ingot_fail(err, INGOT_E_FORMAT, "it is empty");
        if (!r)
                r = run(query, (const char *const *)words.argv, &text, err);
        (void)snprintf(origin, sizeof(origin), "credential_process '%.100s' of profile '%.100s'",
                       words.count ? words.argv[0] : "", query->profile);
        if (!r)
                r = read_output(&text, words.argv[0], origin, &answer->credentials, err);
        if (r)
                return ingot_while(err, r, "running credential_process of profile '%.100s'", query->profile);
        answer->found = true;
        if (account && !answer->credentials.account_id)
                answer->credentials.account_id = strdup(account);
        return INGOT_OK;
}
