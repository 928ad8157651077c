/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "region/keys.h"

bool key_is_aws_managed(const char *arn)
{
        const char *id = strstr(arn, ":key/");

        return id && strcmp(id + 5, KEY_AWS_ID) == 0;
}

void key_print_arn(const struct service_call *call, const char *id, char out[KEY_ARN_CHARS + 1])
{
        (void)snprintf(out, KEY_ARN_CHARS + 1, "arn:aws:kms:%s:%s:key/%s", call->region_name,
                       call->account_id, id);
}

/* What an ARN of this region and account names, "key/ID" or "alias/NAME"; NULL for any other text. */
static const char *local_part(const struct service_call *call, const char *arn)
{
        char prefix[KEY_ARN_CHARS + 1];
        const char *kms = strncmp(arn, "arn:aws", 7) == 0 ? strstr(arn, ":kms:") : NULL;

        if (!kms)
                return NULL;
        (void)snprintf(prefix, sizeof(prefix), ":kms:%s:%s:", call->region_name, call->account_id);
        return strncmp(kms, prefix, strlen(prefix)) == 0 ? kms + strlen(prefix) : NULL;
}

static enum ingot_code find_by_id(const struct service_call *call, const char *id, struct key *key,
                                  struct ingot_error *err)
{
        enum ingot_code r = INGOT_OK;

        key->is_aws_managed = strcmp(id, KEY_AWS_ID) == 0;
        if (key->is_aws_managed) {
                (void)snprintf(key->record.id, sizeof(key->record.id), KEY_AWS_ID);
                (void)snprintf(key->record.state, sizeof(key->record.state), "Enabled");
                (void)snprintf(key->record.description, sizeof(key->record.description),
                               "Default key that protects my EBS volumes when no other key is defined");
                key->record.deletion_seconds = 0;
                key->record.created_seconds = 0;
        } else {
                r = catalogue_find_key(call->store->catalogue, call->region, id, &key->record, err);
        }
        if (!r && key->record.deletion_seconds > 0 &&
            key->record.deletion_seconds <= clock_wall_seconds(call->store->clock))
                r = ingot_fail(err, INGOT_E_NOT_FOUND, "key '%s' was deleted", id);
        if (!r)
                key_print_arn(call, key->record.id, key->arn);
        return r;
}

enum ingot_code key_find(const struct service_call *call, const char *text, struct key *ret_key,
                         struct ingot_error *err)
{
        char id[KEY_ID_CHARS + 1];
        enum ingot_code r;

        if (strncmp(text, "arn:", 4) == 0) {
                const char *part = local_part(call, text);

                if (!part || (strncmp(part, "key/", 4) != 0 && strncmp(part, "alias/", 6) != 0))
                        return ingot_fail(err, INGOT_E_NOT_FOUND, "'%.200s' is no key of this region", text);
                text = strncmp(part, "key/", 4) == 0 ? part + 4 : part;
        }
        if (strcmp(text, KEY_AWS_ALIAS) == 0)
                return find_by_id(call, KEY_AWS_ID, ret_key, err);
        if (strncmp(text, "alias/", 6) != 0)
                return find_by_id(call, text, ret_key, err);
        r = catalogue_find_alias(call->store->catalogue, call->region, text, id, err);
        return r ? r : find_by_id(call, id, ret_key, err);
}

bool key_is_usable(const struct key *key)
{
        return strcmp(key->record.state, "Enabled") == 0;
}

enum ingot_code key_read_default(const struct service_call *call, char ret_arn[SETTING_CHARS + 1],
                                 struct ingot_error *err)
{
        char own[KEY_ARN_CHARS + 1];

        key_print_arn(call, KEY_AWS_ID, own);
        return catalogue_read_setting(call->store->catalogue, call->region, SETTING_DEFAULT_KEY, own, ret_arn,
                                      err);
}
