/* SPDX-License-Identifier: Apache-2.0
 * A stanza without what people say in it. Pure. */
#ifndef TRUNK_CONTROL_REDACT_H
#define TRUNK_CONTROL_REDACT_H

#include "xml/xml.h"

/* Puts "[N]" in place of each text and attribute value that may carry content, N being its length in characters. What is left: names,
 * namespaces, the stanza's own to, from, id and type, xml:lang, type and code of an error, and texts of white space. Changes `stanza`;
 * memory from `arena`. Returns 0 or TRUNK_ENOMEM; then what was not yet reached is still there, so show nothing. */
int redact(struct arena *arena, struct xml_node *stanza);

#endif
