/* SPDX-License-Identifier: Apache-2.0
 * XML from files. Of this room only. */
#ifndef TRUNK_LABEL_XML_FILE_INTERNAL_H
#define TRUNK_LABEL_XML_FILE_INTERNAL_H

#include "xml/xml.h"

/* Parses a whole document: like xml_tree_parse(), but a byte order mark, an XML declaration and comments are skipped. CDATA
 * sections are refused with the DTDs (TRUNK_EXML_RESTRICTED). An element without any xmlns is in jabber:server. */
int xml_file_parse(struct arena *arena, struct str text, size_t bytes_max, unsigned depth_max, struct xml_node **ret_node);

#endif
