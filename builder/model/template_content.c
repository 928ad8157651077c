/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "model/spelling.h"
#include "model/template_content.h"
#include "model/template_rules.h"

#define AT(member) offsetof(struct content_step, member)
#define UID_MAX    UINT64_C(4294967294) /* 2^32 - 1 means "no user" to the kernel */

static const char *const distributions[] = { "debian", NULL };
static const char *const variants[] = { "extract",     "custom",   "essential", "apt",
                                        "required",    "minbase",  "buildd",    "important",
                                        "debootstrap", "standard", "-",         NULL };

static const struct field bootstrap_fields[] = {
        { .key = "distribution",
          .take = take_text,
          .offset = AT(distribution),
          .required = true,
          .choices = distributions },
        { .key = "suite", .take = take_text, .offset = AT(suite), .required = true, .rule = rule_word },
        { .key = "packages", .take = take_texts, .offset = AT(packages), .rule = rule_word },
        { .key = "variant", .take = take_text, .offset = AT(variant), .choices = variants },
        { .key = "components", .take = take_texts, .offset = AT(components), .rule = rule_word },
        { .key = "mirror", .take = take_text, .offset = AT(mirror), .rule = rule_word },
};
static const struct field tar_fields[] = {
        { .key = "source", .take = take_text, .offset = AT(source), .required = true, .rule = rule_source },
        { .key = "to", .take = take_text, .offset = AT(to), .rule = rule_path },
        { .key = "sha256", .take = take_text, .offset = AT(sha256), .rule = rule_sha256 },
        { .key = "strip-components", .take = take_number, .offset = AT(strip_components), .max = 100 },
};
static const struct field archive_fields[] = {
        { .key = "source", .take = take_text, .offset = AT(source), .required = true, .rule = rule_source },
        { .key = "to", .take = take_text, .offset = AT(to), .required = true, .rule = rule_path },
        { .key = "sha256", .take = take_text, .offset = AT(sha256), .rule = rule_sha256 },
        { .key = "strip-components", .take = take_number, .offset = AT(strip_components), .max = 100 },
        { .key = "owner", .take = take_text, .offset = AT(owner), .rule = rule_owner },
};
static const struct field directory_fields[] = {
        { .key = "source", .take = take_text, .offset = AT(source), .required = true, .rule = rule_source },
        { .key = "to", .take = take_text, .offset = AT(to), .required = true, .rule = rule_path },
        { .key = "owner", .take = take_text, .offset = AT(owner), .rule = rule_owner },
};
static const struct field file_fields[] = {
        { .key = "source", .take = take_text, .offset = AT(source), .required = true, .rule = rule_source },
        { .key = "to", .take = take_text, .offset = AT(to), .required = true, .rule = rule_path_below },
        { .key = "mode", .take = take_text, .offset = AT(mode), .rule = rule_mode },
        { .key = "owner", .take = take_text, .offset = AT(owner), .rule = rule_owner },
        { .key = "sha256", .take = take_text, .offset = AT(sha256), .rule = rule_sha256 },
};
static const struct field write_fields[] = {
        { .key = "to", .take = take_text, .offset = AT(to), .required = true, .rule = rule_path_below },
        { .key = "text", .take = take_text, .offset = AT(text), .required = true },
        { .key = "mode", .take = take_text, .offset = AT(mode), .rule = rule_mode },
        { .key = "owner", .take = take_text, .offset = AT(owner), .rule = rule_owner },
};
static const struct field append_fields[] = {
        { .key = "to", .take = take_text, .offset = AT(to), .required = true, .rule = rule_path_below },
        { .key = "text", .take = take_text, .offset = AT(text), .required = true },
};
static const struct field mkdir_fields[] = {
        { .key = "to", .take = take_text, .offset = AT(to), .required = true, .rule = rule_path },
        { .key = "mode", .take = take_text, .offset = AT(mode), .rule = rule_mode },
        { .key = "owner", .take = take_text, .offset = AT(owner), .rule = rule_owner },
};
static const struct field link_fields[] = {
        { .key = "to", .take = take_text, .offset = AT(to), .required = true, .rule = rule_path_below },
        { .key = "target",
          .take = take_text,
          .offset = AT(target),
          .required = true,
          .rule = rule_link_target },
        { .key = "hard", .take = take_bool, .offset = AT(hard) },
};
static const struct field delete_fields[] = {
        { .key = "to", .take = take_text, .offset = AT(to), .required = true, .rule = rule_path_below },
        { .key = "recursive", .take = take_bool, .offset = AT(recursive) },
};
static const struct field mode_fields[] = {
        { .key = "to", .take = take_text, .offset = AT(to), .required = true, .rule = rule_path },
        { .key = "mode", .take = take_text, .offset = AT(mode), .required = true, .rule = rule_mode },
        { .key = "recursive", .take = take_bool, .offset = AT(recursive) },
};
static const struct field owner_fields[] = {
        { .key = "to", .take = take_text, .offset = AT(to), .required = true, .rule = rule_path },
        { .key = "owner", .take = take_text, .offset = AT(owner), .required = true, .rule = rule_owner },
        { .key = "recursive", .take = take_bool, .offset = AT(recursive) },
};
static const struct field user_fields[] = {
        { .key = "name", .take = take_text, .offset = AT(name), .required = true, .rule = rule_user_name },
        { .key = "uid", .take = take_number, .offset = AT(uid), .max = UID_MAX },
        { .key = "gid", .take = take_number, .offset = AT(gid), .max = UID_MAX },
        { .key = "system", .take = take_bool, .offset = AT(system) },
        { .key = "home", .take = take_text, .offset = AT(home), .rule = rule_mount },
        { .key = "shell", .take = take_text, .offset = AT(shell), .rule = rule_mount },
        { .key = "comment", .take = take_text, .offset = AT(comment), .rule = rule_account_text },
        { .key = "group", .take = take_text, .offset = AT(primary_group), .rule = rule_group },
        { .key = "groups", .take = take_texts, .offset = AT(groups), .rule = rule_group },
};
static const struct field group_fields[] = {
        { .key = "name", .take = take_text, .offset = AT(name), .required = true, .rule = rule_user_name },
        { .key = "gid", .take = take_number, .offset = AT(gid), .max = UID_MAX },
        { .key = "system", .take = take_bool, .offset = AT(system) },
};
static const struct field hostname_fields[] = {
        { .key = "name", .take = take_text, .offset = AT(text), .required = true, .rule = rule_host_name },
};
static const struct field unit_fields[] = {
        { .key = "unit", .take = take_text, .offset = AT(name), .required = true, .rule = rule_unit },
};
/* 'name' and 'text' are other words for 'user' and 'key'. */
static const struct field key_fields[] = {
        { .key = "user", .take = take_text, .offset = AT(name), .rule = rule_user_name },
        { .key = "key", .take = take_text, .offset = AT(text), .rule = rule_authorized_key },
        { .key = "name", .take = take_text, .offset = AT(name), .rule = rule_user_name },
        { .key = "text", .take = take_text, .offset = AT(text), .rule = rule_authorized_key },
};

/* What a verb takes; short_field is the key that the short form gives, -1 where there is none. */
struct verb {
        const char *name;
        const struct field *fields;
        size_t field_count;
        int short_field;
        const char *default_to; /* NULL: none */
};

#define VERB(NAME, FIELDS, SHORT, TO)                                                                        \
        {                                                                                                    \
                NAME, FIELDS, FIELD_COUNT(FIELDS), SHORT, TO                                                 \
        }

static const struct verb verbs[CONTENT_VERB_COUNT] = {
        [CONTENT_BOOTSTRAP] = VERB("bootstrap", bootstrap_fields, -1, "/"),
        [CONTENT_TAR] = VERB("tar", tar_fields, 0, "/"),
        [CONTENT_DIRECTORY] = VERB("directory", directory_fields, -1, NULL),
        [CONTENT_ARCHIVE] = VERB("archive", archive_fields, -1, NULL),
        [CONTENT_FILE] = VERB("file", file_fields, -1, NULL),
        [CONTENT_WRITE] = VERB("write", write_fields, -1, NULL),
        [CONTENT_APPEND] = VERB("append", append_fields, -1, NULL),
        [CONTENT_MKDIR] = VERB("mkdir", mkdir_fields, 0, NULL),
        [CONTENT_LINK] = VERB("link", link_fields, -1, NULL),
        [CONTENT_DELETE] = VERB("delete", delete_fields, 0, NULL),
        [CONTENT_MODE] = VERB("mode", mode_fields, -1, NULL),
        [CONTENT_OWNER] = VERB("owner", owner_fields, -1, NULL),
        [CONTENT_USER] = VERB("user", user_fields, 0, NULL),
        [CONTENT_GROUP] = VERB("group", group_fields, 0, NULL),
        [CONTENT_HOSTNAME] = VERB("hostname", hostname_fields, 0, NULL),
        [CONTENT_ENABLE] = VERB("enable", unit_fields, 0, NULL),
        [CONTENT_DISABLE] = VERB("disable", unit_fields, 0, NULL),
        [CONTENT_MASK] = VERB("mask", unit_fields, 0, NULL),
        [CONTENT_AUTHORIZED_KEY] = VERB("authorized-key", key_fields, -1, NULL),
};

const char *template_verb_name(enum content_verb verb)
{
        return (unsigned)verb < CONTENT_VERB_COUNT ? verbs[verb].name : "unknown";
}

static bool find_verb(struct checker *checker, const struct node_child *child, enum content_verb *ret_verb)
{
        const char *names[CONTENT_VERB_COUNT], *nearest;

        for (unsigned i = 0; i < CONTENT_VERB_COUNT; i++) {
                if (strcmp(verbs[i].name, child->key) == 0) {
                        *ret_verb = (enum content_verb)i;
                        return true;
                }
                names[i] = verbs[i].name;
        }
        nearest = spelling_nearest(child->key, names, CONTENT_VERB_COUNT);
        if (nearest)
                checker_complain(checker, &child->key_mark, "unknown verb '%s'; did you mean '%s'?",
                                 child->key, nearest);
        else
                checker_complain(checker, &child->key_mark, "unknown verb '%s'", child->key);
        return false;
}

/* What a table cannot say about one step. */
static void check_step(struct checker *checker, const struct node *value, const struct content_step *step)
{
        if (step->verb == CONTENT_AUTHORIZED_KEY && value->kind == NODE_MAPPING) {
                if (!node_find(value, "user") && !node_find(value, "name"))
                        checker_complain(checker, &value->mark, "key 'user' is missing");
                if (!node_find(value, "key") && !node_find(value, "text"))
                        checker_complain(checker, &value->mark, "key 'key' is missing");
        }
        if (step->verb == CONTENT_LINK && step->hard && step->target.text && *step->target.text != '/')
                checker_complain(checker, &step->target.mark,
                                 "the target of a hard link must be an absolute path; write '/%s'",
                                 step->target.text);
}

static void take_step_value(struct checker *checker, const struct node *value, struct content_step *step)
{
        const struct verb *verb = &verbs[step->verb];

        if (value->kind == NODE_SCALAR && verb->short_field >= 0) {
                const struct field *field = &verb->fields[verb->short_field];

                field->take(checker, value, field, (char *)step + field->offset);
        } else {
                (void)checker_take_fields(checker, value, verb->fields, verb->field_count, step);
        }
        if (verb->default_to && !step->to.text) {
                step->to.text = strdup(verb->default_to);
                step->to.mark = step->mark;
                if (!step->to.text)
                        checker->out_of_memory = true;
        }
        check_step(checker, value, step);
}

/* Rule 1; false when nothing can be kept of the step. */
static bool take_step(struct checker *checker, const struct node *node, struct content_step *step)
{
        size_t outer;

        if (node->kind != NODE_MAPPING || node->count == 0) {
                checker_complain(checker, &node->mark,
                                 "must be a step: a verb with its value, as '- mkdir: /srv'");
                return false;
        }
        if (node->count > 1) {
                checker_complain(
                        checker, &node->children[1].key_mark,
                        "'%s' is a second verb in one step; start it with its own '-', or indent it below "
                        "'%s' if it belongs to that",
                        node->children[1].key, node->children[0].key);
                return false;
        }
        if (!find_verb(checker, &node->children[0], &step->verb))
                return false;
        step->mark = node->children[0].key_mark;
        outer = checker_enter_key(checker, node->children[0].key);
        take_step_value(checker, node->children[0].value, step);
        checker_leave(checker, outer);
        return true;
}

void take_content(struct checker *checker, const struct node *value, const struct field *field, void *member)
{
        struct template_volume *volume = member;

        (void)field;
        if (!checker_need(checker, value, NODE_SEQUENCE))
                return;
        volume->content = checker_allocate(checker, value->count, sizeof(*volume->content));
        for (size_t i = 0; volume->content && i < value->count; i++) {
                size_t outer = checker_enter_index(checker, i);

                if (take_step(checker, value->children[i].value, &volume->content[volume->content_count]))
                        volume->content_count++;
                checker_leave(checker, outer);
        }
}
