/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/own.h"
#include "wire/ec2_attribute_reply.h"
#include "wire/xml.h"

/* Opens an answer whose root must be <OPERATIONResponse>. */
static enum ingot_code open_answer(const char *xml, size_t size_bytes, const char *operation,
                                   struct xml_document **ret_document, struct ingot_error *err)
{
        OWNED(xml_drop) struct xml_document *document = NULL;
        enum ingot_code r = xml_parse(xml, size_bytes, EC2_REPLY_BYTES_MAX, &document, err);
        size_t chars = strlen(operation);
        const char *name;

        if (r)
                return r;
        name = xml_name(xml_root(document));
        if (strncmp(name, operation, chars) != 0 || strcmp(name + chars, "Response") != 0)
                return ingot_fail(err, INGOT_E_FORMAT, "the answer is a <%.60s>, not a <%sResponse>", name,
                                  operation);
        *ret_document = TAKE(document);
        return INGOT_OK;
}

enum ingot_code ec2_reply_text(const char *xml, size_t size_bytes, const char *operation, const char *member,
                               char *ret_text, size_t room_bytes, struct ingot_error *err)
{
        OWNED(xml_drop) struct xml_document *document = NULL;
        enum ingot_code r = open_answer(xml, size_bytes, operation, &document, err);
        const char *text;

        if (r)
                return r;
        text = xml_text(xml_child(xml_root(document), member));
        if (!text || strlen(text) >= room_bytes)
                return ingot_fail(err, INGOT_E_FORMAT,
                                  "the answer to %s has no <%s> of at most %zu characters", operation, member,
                                  room_bytes - 1);
        memcpy(ret_text, text, strlen(text) + 1);
        return INGOT_OK;
}

enum ingot_code ec2_reply_bool(const char *xml, size_t size_bytes, const char *operation, const char *member,
                               bool *ret_value, struct ingot_error *err)
{
        char text[8];
        enum ingot_code r = ec2_reply_text(xml, size_bytes, operation, member, text, sizeof(text), err);

        if (r)
                return r;
        if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
                return ingot_fail(err, INGOT_E_FORMAT, "<%s> is '%s', which is not true or false", member,
                                  text);
        *ret_value = *text == 't';
        return INGOT_OK;
}

/* ---- lists ---- */

static size_t count_items(const struct xml_node *set, const char *name)
{
        size_t count = 0;

        for (const struct xml_node *item = xml_child(set, name); item; item = xml_next(item, name))
                count++;
        return count;
}

static const char *read_text(struct reply_pool *pool, const struct xml_node *node, const char *name)
{
        return reply_pool_text(pool, xml_text(xml_child(node, name)));
}

/* An array with a place for each item of the set; NULL with *ret_count 0 for none. */
static enum ingot_code make_places(struct reply_pool *pool, const struct xml_node *set, const char *item_name,
                                   size_t item_bytes, void **ret_places, size_t *ret_count,
                                   struct ingot_error *err)
{
        size_t count = count_items(set, item_name);

        if (count > EC2_LIST_MAX)
                return ingot_fail(err, INGOT_E_MEMORY, "a list of more than %d items", EC2_LIST_MAX);
        *ret_places = reply_pool_array(pool, count, item_bytes);
        *ret_count = *ret_places ? count : 0;
        return reply_pool_check(pool, err);
}

void ec2_permission_list_release(struct ec2_permission_list *list)
{
        reply_pool_release(&list->pool);
        *list = (struct ec2_permission_list){ .items = NULL };
}

void ec2_deletion_list_release(struct ec2_deletion_list *list)
{
        reply_pool_release(&list->pool);
        *list = (struct ec2_deletion_list){ .items = NULL };
}

void iam_evaluation_list_release(struct iam_evaluation_list *list)
{
        reply_pool_release(&list->pool);
        *list = (struct iam_evaluation_list){ .items = NULL };
}

enum ingot_code ec2_reply_permissions(const char *xml, size_t size_bytes, const char *operation,
                                      const char *set, struct ec2_permission_list *ret_list,
                                      struct ingot_error *err)
{
        OWNED(ec2_permission_list_release) struct ec2_permission_list list = { .items = NULL };
        OWNED(xml_drop) struct xml_document *document = NULL;
        const struct xml_node *node;
        void *places = NULL;
        size_t i = 0;
        enum ingot_code r = open_answer(xml, size_bytes, operation, &document, err);

        if (r)
                return r;
        node = xml_child(xml_root(document), set);
        r = make_places(&list.pool, node, "item", sizeof(*list.items), &places, &list.count, err);
        if (r)
                return r;
        list.items = places;
        for (const struct xml_node *item = xml_child(node, "item"); item; item = xml_next(item, "item")) {
                struct ec2_permission *permission = &list.items[i++];

                permission->user_id = read_text(&list.pool, item, "userId");
                permission->group = read_text(&list.pool, item, "group");
                permission->organization_arn = read_text(&list.pool, item, "organizationArn");
                permission->organizational_unit_arn = read_text(&list.pool, item, "organizationalUnitArn");
        }
        r = reply_pool_check(&list.pool, err);
        if (r)
                return r;
        *ret_list = list;
        list = (struct ec2_permission_list){ .items = NULL };
        return INGOT_OK;
}

enum ingot_code ec2_reply_deletions(const char *xml, size_t size_bytes, struct ec2_deletion_list *ret_list,
                                    struct ingot_error *err)
{
        OWNED(ec2_deletion_list_release) struct ec2_deletion_list list = { .items = NULL };
        OWNED(xml_drop) struct xml_document *document = NULL;
        const struct xml_node *node;
        void *places = NULL;
        size_t i = 0;
        enum ingot_code r = open_answer(xml, size_bytes, "DeregisterImage", &document, err);

        if (r)
                return r;
        node = xml_child(xml_root(document), "deleteSnapshotResultSet");
        r = make_places(&list.pool, node, "item", sizeof(*list.items), &places, &list.count, err);
        if (r)
                return r;
        list.items = places;
        for (const struct xml_node *item = xml_child(node, "item"); item; item = xml_next(item, "item")) {
                list.items[i].snapshot_id = read_text(&list.pool, item, "snapshotId");
                list.items[i++].return_code = read_text(&list.pool, item, "returnCode");
        }
        r = reply_pool_check(&list.pool, err);
        if (r)
                return r;
        *ret_list = list;
        list = (struct ec2_deletion_list){ .items = NULL };
        return INGOT_OK;
}

enum ingot_code iam_reply_evaluations(const char *xml, size_t size_bytes,
                                      struct iam_evaluation_list *ret_list, struct ingot_error *err)
{
        OWNED(iam_evaluation_list_release) struct iam_evaluation_list list = { .items = NULL };
        OWNED(xml_drop) struct xml_document *document = NULL;
        const struct xml_node *node;
        void *places = NULL;
        size_t i = 0;
        enum ingot_code r = open_answer(xml, size_bytes, "SimulatePrincipalPolicy", &document, err);

        if (r)
                return r;
        node = xml_child(xml_child(xml_root(document), "SimulatePrincipalPolicyResult"), "EvaluationResults");
        r = make_places(&list.pool, node, "member", sizeof(*list.items), &places, &list.count, err);
        if (r)
                return r;
        list.items = places;
        for (const struct xml_node *item = xml_child(node, "member"); item; item = xml_next(item, "member")) {
                list.items[i].action = read_text(&list.pool, item, "EvalActionName");
                list.items[i].decision = read_text(&list.pool, item, "EvalDecision");
                if (!list.items[i].action || !list.items[i].decision)
                        return ingot_fail(err, INGOT_E_FORMAT,
                                          "an evaluation has no <EvalActionName> or no <EvalDecision>");
                i++;
        }
        r = reply_pool_check(&list.pool, err);
        if (r)
                return r;
        *ret_list = list;
        list = (struct iam_evaluation_list){ .items = NULL };
        return INGOT_OK;
}
