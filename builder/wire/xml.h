/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIRE_XML_H
#define WIRE_XML_H

/* builder/wire/xml.h
 * xml: a region's XML by libxml2, reduced to elements, their local names and their text.
 *
 * Rules    (1) A document type is refused, so there are no entities but XML's own five; nothing is fetched.
 *          (2) The encoding is UTF-8 whatever the document says.
 *          (3) Names are compared without their namespace.
 *          (4) Comments and processing instructions are not there.
 *          (5) Nothing is printed.
 * Source   libxml2 2.9.14.
 * Tests    tests/unit/wire/test_xml.c, tests/fuzz/fuzz_ec2_reply.c
 */
#include <stdbool.h>
#include <stddef.h>

#include <ingot/error.h>

struct xml_document;
struct xml_node; /* an element; borrowed from its document */

/*
 * Parses a document.
 *
 * ret_document  owned by the caller: xml_free(), or OWNED(xml_drop)
 * Fails with    INGOT_E_FORMAT  not well formed, or it has a document type (rule 1)
 *               INGOT_E_MEMORY  also: above ceiling_bytes
 */
enum ingot_code xml_parse(const char *bytes, size_t size_bytes, size_t ceiling_bytes,
                          struct xml_document **ret_document, struct ingot_error *err) INGOT_MUST_CHECK;
void xml_free(struct xml_document *document);
void xml_drop(struct xml_document **document);

const struct xml_node *xml_root(const struct xml_document *document);
bool xml_is(const struct xml_node *node, const char *name); /* false for NULL */
const char *xml_name(const struct xml_node *node);

/* The first child element of that name (of any name where name is NULL); NULL when there is none, or no node. */
const struct xml_node *xml_child(const struct xml_node *node, const char *name);
/* The next sibling element of that name, or of any. */
const struct xml_node *xml_next(const struct xml_node *node, const char *name);

/* The text of an element, "" when it is empty; NULL for no node, or one that has elements in it. */
const char *xml_text(const struct xml_node *node);

#endif
