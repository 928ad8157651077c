/* SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>
#include <string.h>

#include <libxml/parser.h>
#include <libxml/tree.h>

#include "wire/xml.h"

/* struct xml_document is xmlDoc and struct xml_node is xmlNode: never completed, so nobody else can look. */
static xmlNode *to_libxml(const struct xml_node *node)
{
        return (xmlNode *)node;
}

static enum ingot_code fail_parse(xmlParserCtxtPtr context, struct ingot_error *err)
{
        const xmlError *what = xmlCtxtGetLastError(context);
        const char *message = what && what->message ? what->message : "not well formed";

        if (what && what->code == XML_ERR_NO_MEMORY)
                return ingot_fail(err, INGOT_E_MEMORY, "out of memory for an XML document");
        return ingot_fail(err, INGOT_E_FORMAT, "not XML at line %d: %.*s", what ? what->line : 0,
                          (int)strcspn(message, "\n"), message);
}

enum ingot_code xml_parse(const char *bytes, size_t size_bytes, size_t ceiling_bytes,
                          struct xml_document **ret_document, struct ingot_error *err)
{
        static const char document_type[] = "<!DOCTYPE";
        xmlParserCtxtPtr context;
        xmlDocPtr document;
        enum ingot_code r = INGOT_OK;

        if (size_bytes > ceiling_bytes || size_bytes > INT_MAX)
                return ingot_fail(err, INGOT_E_MEMORY, "an XML document of %zu bytes; at most %zu are read",
                                  size_bytes, ceiling_bytes);
        if (size_bytes == 0)
                return ingot_fail(err, INGOT_E_FORMAT, "not XML: there is nothing");
        /* Rule 1, before the parser sees a single declaration. */
        if (memmem(bytes, size_bytes, document_type, sizeof(document_type) - 1))
                return ingot_fail(err, INGOT_E_FORMAT, "an XML document with a document type");
        context = xmlNewParserCtxt();
        if (!context)
                return ingot_fail_memory(err, sizeof(*context));
        context->sax->comment = NULL; /* rule 4: texts around one become a single text */
        context->sax->processingInstruction = NULL;
        document = xmlCtxtReadMemory(context, bytes, (int)size_bytes, NULL, "UTF-8",
                                     XML_PARSE_NONET | XML_PARSE_NOCDATA | XML_PARSE_NOERROR |
                                             XML_PARSE_NOWARNING | XML_PARSE_COMPACT);
        if (!document)
                r = fail_parse(context, err);
        xmlFreeParserCtxt(context);
        if (!r)
                *ret_document = (struct xml_document *)document;
        return r;
}

void xml_free(struct xml_document *document)
{
        if (document)
                xmlFreeDoc((xmlDocPtr)document);
}

void xml_drop(struct xml_document **document)
{
        xml_free(*document);
        *document = NULL;
}

static const struct xml_node *find_element(xmlNode *node, const char *name)
{
        for (; node; node = node->next)
                if (node->type == XML_ELEMENT_NODE && (!name || xmlStrEqual(node->name, BAD_CAST name)))
                        return (const struct xml_node *)node;
        return NULL;
}

const struct xml_node *xml_root(const struct xml_document *document)
{
        return (const struct xml_node *)xmlDocGetRootElement((xmlDocPtr)document);
}

bool xml_is(const struct xml_node *node, const char *name)
{
        return node && xmlStrEqual(to_libxml(node)->name, BAD_CAST name);
}

const char *xml_name(const struct xml_node *node)
{
        return (const char *)to_libxml(node)->name;
}

const struct xml_node *xml_child(const struct xml_node *node, const char *name)
{
        return node ? find_element(to_libxml(node)->children, name) : NULL;
}

const struct xml_node *xml_next(const struct xml_node *node, const char *name)
{
        return node ? find_element(to_libxml(node)->next, name) : NULL;
}

const char *xml_text(const struct xml_node *node)
{
        const xmlNode *child = node ? to_libxml(node)->children : NULL;

        if (!node)
                return NULL;
        if (!child)
                return "";
        /* More than one child, or one that is no text (an entity we refuse to know): not a plain text. */
        return child->next || child->type != XML_TEXT_NODE ? NULL : (const char *)child->content;
}
