/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_TEMPLATE_FIELDS_H
#define MODEL_TEMPLATE_FIELDS_H

/* builder/model/template_fields.h
 * template_fields: from a mapping of keys to the members of a structure, by a table of fields.
 *
 * Rules    (1) A key that the table does not have is a complaint with the nearest one that it has.
 *          (2) A value of the wrong kind or out of range is a complaint; the member stays as it was.
 *          (3) A YAML scalar may be quoted or not: the field says what it is.  With strict_types (JSON) a text
 *              must be quoted, and a number or truth value must not.
 *          (4) Memory that runs out is kept in out_of_memory: callers look once, at the end.
 *          (5) Key paths are written as "volumes./dev/xvda.partitions[2].size".
 * Tests    tests/unit/model/test_template_check.c
 */
#include "base/buffer.h"
#include "model/node.h"
#include "model/template.h"

struct checker {
        struct complaint_list *complaints;
        struct buffer path; /* of the value at hand */
        const char *file;
        bool strict_types, out_of_memory;
        size_t unknown_count; /* of unknown keys so far */
        void *context;        /* what is being filled: struct template, struct mapping */
};

struct field {
        const char *key;
        /* Checks value and keeps it in member; the path is that of value. */
        void (*take)(struct checker *checker, const struct node *value, const struct field *field,
                     void *member);
        size_t offset; /* of member in the structure */
        bool required;
        uint64_t min, max;          /* of a number; of a text's characters, where max is not 0 */
        const char *const *choices; /* what a text may be; ends with NULL; NULL: anything */
        void (*rule)(struct checker *checker, const struct text_value *value); /* of a text; may be NULL */
};

#define FIELD_COUNT(fields) (sizeof(fields) / sizeof((fields)[0]))

#define CHECKER_PATH_INIT BUFFER_INIT(16384)

/*
 * Releases the path.
 *
 * Fails with   INGOT_E_MEMORY  by rule 4
 */
enum ingot_code checker_finish(struct checker *checker, struct ingot_error *err) INGOT_MUST_CHECK;

/* Complains about the value at hand. */
void checker_complain(struct checker *checker, const struct mark *mark, const char *format, ...)
        INGOT_PRINTF(3, 4);

/* The same about the value under key of the mapping at hand. */
void checker_complain_at(struct checker *checker, const char *key, const struct mark *mark,
                         const char *format, ...) INGOT_PRINTF(4, 5);

/* Adds to the path; what they return is for checker_leave(). */
size_t checker_enter_key(struct checker *checker, const char *key);
size_t checker_enter_index(struct checker *checker, size_t index);
void checker_leave(struct checker *checker, size_t outer_bytes);

/* Fills the members of out from a mapping; false (and a complaint) when node is none.  A required key that is
 * missing is not told where an unknown one was probably meant to be it. */
bool checker_take_fields(struct checker *checker, const struct node *node, const struct field *fields,
                         size_t field_count, void *out);

/* Whether node is of that kind; a complaint when not. */
bool checker_need(struct checker *checker, const struct node *node, enum node_kind kind);

/* calloc() that remembers its failure. */
void *checker_allocate(struct checker *checker, size_t count, size_t item_bytes);

/* For field.take, each with the type of its member. */
void take_text(struct checker *checker, const struct node *value, const struct field *field,
               void *member); /* struct text_value */
void take_texts(struct checker *checker, const struct node *value, const struct field *field,
                void *member); /* struct text_list */
void take_number(struct checker *checker, const struct node *value, const struct field *field,
                 void *member); /* struct number_value */
void take_bool(struct checker *checker, const struct node *value, const struct field *field,
               void *member); /* bool */
void take_tri(struct checker *checker, const struct node *value, const struct field *field,
              void *member); /* enum tri_state */

/* The number of characters of UTF-8 text. */
size_t count_characters(const char *text);

#endif
