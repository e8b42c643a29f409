/* SPDX-License-Identifier: Apache-2.0
 * Whether received XML is what a scenario expects. */
#ifndef TRUNK_SCENARIO_MATCH_H
#define TRUNK_SCENARIO_MATCH_H

#include "xml/xml.h"

/* Parses sibling elements as a script writes them: default namespace jabber:server, prefixes db and stream declared. The first
 * of them; the others follow by xml_node_next(). Returns 0 or an error. */
int match_parse(struct arena *arena, struct str text, const struct xml_node **ret_first);

/* Received XML matches when all that is written is present: name, attributes, text, children in their order. The value or text
 * `*` stands for any. `is_exact`: and nothing else. */
bool match_node(const struct xml_node *expected, const struct xml_node *received, bool is_exact);

#endif
