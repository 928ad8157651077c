/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "base/utf16.h"
#include "model/spelling.h"
#include "model/template_expand.h"

enum { VARIABLES_MAX = 128 };

/* All texts of a template may together grow to this much, so that few --set cannot ask for all memory. */
enum { EXPANDED_MAX_BYTES = 16 << 20 };

struct variable {
        const char *key, *value;
        bool from_setting, used;
};

struct expander {
        struct variable variables[VARIABLES_MAX];
        size_t count;
        size_t grown_bytes;
        const char *file;
        struct complaint_list *complaints;
        struct ingot_error *err;
};

/* What --set replaces in the template, and ${...} offers from it, in the order of rule 3. */
static const char *const own_keys[] = { "version", "name", "description" };
enum { OWN_KEY_COUNT = sizeof(own_keys) / sizeof(own_keys[0]), OWN_VARIABLE_COUNT = 2 };

static bool is_name_char(char c, bool first)
{
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
               (!first && ((c >= '0' && c <= '9') || c == '-' || c == '.'));
}

static bool is_name(const char *text, size_t chars)
{
        for (size_t i = 0; i < chars; i++) {
                if (!is_name_char(text[i], i == 0))
                        return false;
        }
        return chars > 0;
}

static struct variable *find(struct expander *expander, const char *key, size_t chars)
{
        for (size_t i = 0; i < expander->count; i++) {
                const char *own = expander->variables[i].key;

                if (strncmp(own, key, chars) == 0 && !own[chars])
                        return &expander->variables[i];
        }
        return NULL;
}

static void complain_unknown(struct expander *expander, const struct mark *mark, const char *key,
                             size_t chars)
{
        const char *keys[VARIABLES_MAX], *nearest;
        char word[64];

        (void)snprintf(word, sizeof(word), "%.*s", (int)(chars < 63 ? chars : 63), key);
        for (size_t i = 0; i < expander->count; i++)
                keys[i] = expander->variables[i].key;
        nearest = spelling_nearest(word, keys, expander->count);
        if (nearest)
                complain(expander->complaints, mark, NULL, "unknown variable '${%s}'; did you mean '${%s}'?",
                         word, nearest);
        else
                complain(expander->complaints, mark, NULL,
                         "unknown variable '${%s}'; give it with --set %s=VALUE, or write $${ for a plain ${",
                         word, word);
}

/* Appends what the ${...} that starts at text stands for, and counts it; returns what follows it. */
static const char *expand_one(struct expander *expander, const char *text, const struct mark *mark,
                              struct buffer *out, size_t *wanted_bytes)
{
        const char *key = text + 2, *end = strchr(key, '}');
        struct variable *variable;

        if (!end || !is_name(key, (size_t)(end - key))) {
                complain(expander->complaints, mark, NULL,
                         "'${' starts no variable; write ${KEY}, or $${ for a plain ${");
                return key;
        }
        variable = find(expander, key, (size_t)(end - key));
        if (variable) {
                variable->used = true;
                buffer_append_text(out, variable->value);
                *wanted_bytes += strlen(variable->value);
        } else {
                complain_unknown(expander, mark, key, (size_t)(end - key));
        }
        return end + 1;
}

static enum ingot_code expand_scalar(struct expander *expander, struct node *node)
{
        OWNED(buffer_release) struct buffer out = BUFFER_INIT(TEMPLATE_VALUE_MAX_BYTES);
        const char *at = node->text, *dollar;
        size_t wanted_bytes = 0; /* out is full or out of memory: this tells which */
        char *text;

        if (!strchr(at, '$') || expander->grown_bytes > EXPANDED_MAX_BYTES)
                return INGOT_OK;
        while ((dollar = strchr(at, '$'))) {
                buffer_append(&out, at, (size_t)(dollar - at));
                wanted_bytes += (size_t)(dollar - at) + 1;
                if (dollar[1] == '{') {
                        at = expand_one(expander, dollar, &node->mark, &out, &wanted_bytes);
                } else {
                        buffer_append_char(&out, '$');
                        at = dollar + (dollar[1] == '$' ? 2 : 1);
                }
        }
        buffer_append_text(&out, at);
        expander->grown_bytes += wanted_bytes + strlen(at);
        if (wanted_bytes + strlen(at) > TEMPLATE_VALUE_MAX_BYTES ||
            expander->grown_bytes > EXPANDED_MAX_BYTES) {
                complain(expander->complaints, &node->mark, NULL,
                         "the text is larger than 1MiB, or all texts together larger than 16MiB, once its "
                         "variables are filled in");
                return INGOT_OK;
        }
        text = buffer_take(&out);
        if (!text)
                return ingot_fail_memory(expander->err, 1);
        free(node->text);
        node->text = text;
        return INGOT_OK;
}

static enum ingot_code expand_all(struct expander *expander, struct node *node, bool is_root)
{
        enum ingot_code r = INGOT_OK;

        if (node->kind == NODE_SCALAR)
                return expand_scalar(expander, node);
        for (size_t i = 0; i < node->count && !r; i++) {
                bool done = false;

                for (size_t own = 0; is_root && own < OWN_KEY_COUNT; own++)
                        done = done || strcmp(node->children[i].key, own_keys[own]) == 0;
                if (!done)
                        r = expand_all(expander, node->children[i].value, false);
        }
        return r;
}

static void add_settings(struct expander *expander, const struct template_setting *settings, size_t count)
{
        struct mark mark = { expander->file, 0, 0 };

        for (size_t i = 0; i < count; i++) {
                const char *key = settings[i].key;

                if (expander->count + OWN_VARIABLE_COUNT >= VARIABLES_MAX) {
                        complain(expander->complaints, &mark, NULL, "more than %d --set", (int)i);
                        return;
                }
                if (!is_name(key, strlen(key)))
                        complain(expander->complaints, &mark, NULL,
                                 "--set '%s=': a key is letters, digits, '_', '-' and '.', and starts with a "
                                 "letter",
                                 key);
                else if (!utf8_is_valid(settings[i].value, strlen(settings[i].value)))
                        complain(expander->complaints, &mark, NULL, "the value of --set '%s' is not UTF-8",
                                 key);
                else if (find(expander, key, strlen(key)))
                        complain(expander->complaints, &mark, NULL, "--set '%s' is given twice", key);
                else
                        expander->variables[expander->count++] =
                                (struct variable){ key, settings[i].value, true, false };
        }
}

/* Puts the value of --set in the place of the template's own. */
static enum ingot_code replace_own(struct expander *expander, struct node *root, const char *key,
                                   const char *value)
{
        struct node_child *child = node_find(root, key);
        struct mark mark = child ? child->value->mark : root->mark;
        struct node *made = node_new(NODE_SCALAR, &mark);
        char *key_text;

        if (!made || !(made->text = strdup(value))) {
                node_free(made);
                return ingot_fail_memory(expander->err, strlen(value) + 1);
        }
        made->quoted = true;
        if (child) {
                node_free(child->value);
                child->value = made;
                return INGOT_OK;
        }
        key_text = strdup(key);
        if (!key_text) {
                node_free(made);
                return ingot_fail_memory(expander->err, strlen(key) + 1);
        }
        return node_add(root, key_text, &mark, made) ? INGOT_OK : ingot_fail_memory(expander->err, 1);
}

/* Rules 2 and 3 for one of own_keys; what it says becomes a variable. */
static enum ingot_code settle_own(struct expander *expander, struct node *root, size_t own)
{
        struct variable *setting = find(expander, own_keys[own], strlen(own_keys[own]));
        const struct node_child *child;
        enum ingot_code r;

        if (setting) {
                setting->used = true;
                return replace_own(expander, root, own_keys[own], setting->value);
        }
        child = node_find(root, own_keys[own]);
        if (!child || child->value->kind != NODE_SCALAR)
                return INGOT_OK;
        r = expand_scalar(expander, child->value);
        if (!r && own < OWN_VARIABLE_COUNT)
                expander->variables[expander->count++] =
                        (struct variable){ own_keys[own], child->value->text, false, true };
        return r;
}

static void complain_unused(struct expander *expander)
{
        struct mark mark = { expander->file, 0, 0 };

        for (size_t i = 0; i < expander->count; i++) {
                const struct variable *variable = &expander->variables[i];
                const char *nearest;

                if (variable->used || !variable->from_setting)
                        continue;
                nearest = spelling_nearest(variable->key, own_keys, OWN_KEY_COUNT);
                if (nearest)
                        complain(expander->complaints, &mark, NULL,
                                 "--set '%s' is used by nothing in the template; did you mean '%s'?",
                                 variable->key, nearest);
                else
                        complain(expander->complaints, &mark, NULL,
                                 "--set '%s' is used by nothing: there is no ${%s} in the template",
                                 variable->key, variable->key);
        }
}

enum ingot_code template_expand(struct node *root, const struct template_setting *settings,
                                size_t setting_count, struct complaint_list *complaints,
                                struct ingot_error *err)
{
        struct expander expander = { .file = root->mark.file, .complaints = complaints, .err = err };
        enum ingot_code r = INGOT_OK;

        add_settings(&expander, settings, setting_count);
        for (size_t own = 0; own < OWN_KEY_COUNT && !r; own++)
                r = settle_own(&expander, root, own);
        if (!r)
                r = expand_all(&expander, root, true);
        if (!r)
                complain_unused(&expander);
        return r;
}
