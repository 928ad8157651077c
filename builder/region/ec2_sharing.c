/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "region/ec2_sharing.h"

enum { DAYS_OF_YEAR = 365, DAY_SECONDS = 86400 };

#define DIGITS "0123456789"
#define LOWER  "abcdefghijklmnopqrstuvwxyz"

void sharing_release(struct sharing *sharing)
{
        free(sharing->changes);
        sharing->changes = NULL;
}

int64_t years_later(int64_t seconds, int years)
{
        return seconds + (int64_t)years * DAYS_OF_YEAR * DAY_SECONDS;
}

/* "PREFIX" and 1 to 32 small letters or digits, then end. */
static bool is_organization_part(const char *text, const char *prefix, const char *end)
{
        size_t prefix_chars = strlen(prefix), chars;

        if (strncmp(text, prefix, prefix_chars) != 0)
                return false;
        chars = strspn(text + prefix_chars, LOWER DIGITS "-");
        return chars >= 1 && chars <= 68 && text + prefix_chars + chars == end;
}

/* arn:PARTITION:organizations::ACCOUNT:organization/o-ID or ...:ou/o-ID/ou-ID */
static bool is_organization_arn(const char *arn, bool is_unit)
{
        const char *service = strstr(arn, ":organizations::"), *resource, *slash;

        if (strncmp(arn, "arn:aws", 7) != 0 || !service || strspn(service + 16, DIGITS) != ACCOUNT_ID_CHARS)
                return false;
        resource = service + 16 + ACCOUNT_ID_CHARS;
        if (!is_unit)
                return strncmp(resource, ":organization/", 14) == 0 &&
                       is_organization_part(resource + 14, "o-", arn + strlen(arn));
        if (strncmp(resource, ":ou/", 4) != 0)
                return false;
        slash = strchr(resource + 4, '/');
        return slash && is_organization_part(resource + 4, "o-", slash) &&
               is_organization_part(slash + 1, "ou-", arn + strlen(arn));
}

static bool is_permission(enum permission_kind kind, const char *value)
{
        switch (kind) {
        case PERMISSION_USER:
                return strlen(value) == ACCOUNT_ID_CHARS && strspn(value, DIGITS) == ACCOUNT_ID_CHARS;
        case PERMISSION_GROUP: return strcmp(value, "all") == 0;
        case PERMISSION_ORGANIZATION: return is_organization_arn(value, false);
        case PERMISSION_UNIT: return is_organization_arn(value, true);
        case PERMISSION_KINDS:
        default: return false;
        }
}

static void add_change(struct ec2_call *ec2, struct sharing *sharing, enum permission_kind kind,
                       const char *value, bool is_removal)
{
        struct sharing_change *change = &sharing->changes[sharing->count];

        if (strlen(value) > PERMISSION_CHARS || !is_permission(kind, value) ||
            (!sharing->has_organizations && kind != PERMISSION_USER && kind != PERMISSION_GROUP)) {
                (void)ec2_refuse_value(ec2, sharing->code, "Invalid attribute item value \"%.100s\" for %s",
                                       value, sharing->attribute);
                return;
        }
        if (sharing->count == SHARING_CHANGES_MAX)
                return;
        change->permission.kind = kind;
        (void)snprintf(change->permission.value, sizeof(change->permission.value), "%s", value);
        change->is_removal = is_removal;
        *(is_removal ? &sharing->removal_count : &sharing->add_count) += 1;
        sharing->count++;
}

static void read_items(struct ec2_call *ec2, struct sharing *sharing, const char *which, bool is_removal)
{
        static const char *const members[PERMISSION_KINDS] = { "UserId", "Group", "OrganizationArn",
                                                               "OrganizationalUnitArn" };

        for (unsigned i = 1; form_has(&ec2->form, "%s.%s.%u", sharing->list, which, i) && !ec2->is_refused;
             i++) {
                unsigned said = 0;

                for (unsigned kind = 0; kind < PERMISSION_KINDS; kind++) {
                        const char *value =
                                form_find(&ec2->form, "%s.%s.%u.%s", sharing->list, which, i, members[kind]);

                        said += value != NULL;
                        if (value)
                                add_change(ec2, sharing, (enum permission_kind)kind, value, is_removal);
                }
                if (said != 1)
                        (void)ec2_refuse_value(ec2, sharing->code, "An item of %s has exactly one member",
                                               sharing->list);
        }
}

/* The older way: Attribute, OperationType and lists of values. */
static void read_lists(struct ec2_call *ec2, struct sharing *sharing)
{
        static const char *const lists[PERMISSION_KINDS] = { "UserId", "UserGroup", "OrganizationArn",
                                                             "OrganizationalUnitArn" };
        const char *operation = form_find(&ec2->form, "OperationType");

        if (operation && strcmp(operation, "add") != 0 && strcmp(operation, "remove") != 0)
                (void)ec2_refuse_value(ec2, "InvalidParameterValue",
                                       "Value (%.40s) for parameter operationType is invalid.", operation);
        for (unsigned kind = 0; kind < PERMISSION_KINDS; kind++) {
                for (unsigned i = 1; form_has(&ec2->form, "%s.%u", lists[kind], i) && !ec2->is_refused; i++) {
                        const char *value = form_find(&ec2->form, "%s.%u", lists[kind], i);

                        if (!operation)
                                (void)ec2_refuse_value(ec2, "InvalidParameterCombination",
                                                       "%s needs an OperationType", lists[kind]);
                        else if (value)
                                add_change(ec2, sharing, (enum permission_kind)kind, value,
                                           *operation == 'r');
                }
        }
}

enum ingot_code sharing_read(struct ec2_call *ec2, struct sharing *sharing, struct ingot_error *err)
{
        sharing->changes = calloc(SHARING_CHANGES_MAX + 1, sizeof(*sharing->changes));
        if (!sharing->changes)
                return ingot_fail_memory(err, (SHARING_CHANGES_MAX + 1) * sizeof(*sharing->changes));
        read_items(ec2, sharing, "Add", false);
        read_items(ec2, sharing, "Remove", true);
        read_lists(ec2, sharing);
        return INGOT_OK;
}

bool sharing_makes_public(const struct sharing *sharing)
{
        for (uint32_t i = 0; i < sharing->count; i++) {
                if (sharing->changes[i].permission.kind == PERMISSION_GROUP &&
                    !sharing->changes[i].is_removal)
                        return true;
        }
        return false;
}

enum ingot_code sharing_apply(struct ec2_call *ec2, const struct sharing *sharing, const char *resource_id,
                              struct ingot_error *err)
{
        struct catalogue *catalogue = ec2->store->catalogue;
        enum ingot_code r = INGOT_OK;

        for (uint32_t i = 0; !r && i < sharing->count; i++) {
                const struct sharing_change *change = &sharing->changes[i];

                r = change->is_removal
                            ? catalogue_take_permission(catalogue, resource_id, &change->permission, err)
                            : catalogue_give_permission(catalogue, resource_id, &change->permission, err);
        }
        return r;
}

static void write_permission(void *context, const struct permission *permission)
{
        static const char *const members[PERMISSION_KINDS] = { "userId", "group", "organizationArn",
                                                               "organizationalUnitArn" };
        struct buffer *out = context;

        element_open(out, "item");
        element_text(out, members[permission->kind], permission->value);
        element_close(out, "item");
}

enum ingot_code sharing_write(struct ec2_call *ec2, const char *set, const char *resource_id,
                              struct ingot_error *err)
{
        enum ingot_code r;

        element_open(ec2->out, set);
        r = catalogue_each_permission(ec2->store->catalogue, resource_id, write_permission, ec2->out, err);
        element_close(ec2->out, set);
        return r;
}
