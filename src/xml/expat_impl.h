/* SPDX-License-Identifier: Apache-2.0
 * What the tree builder and the Expat reader have in common. The only header that includes Expat. */
#ifndef TRUNK_XML_EXPAT_IMPL_H
#define TRUNK_XML_EXPAT_IMPL_H

#include "xml/xml.h"

#include <expat.h>

/* A parser that reads UTF-8 whatever a declaration says, knows namespaces, tells prefixes, and reports each token as soon as
 * its last byte is in. NULL: no memory. */
XML_Parser expat_new(void);

/* The same for a short text: one parser is kept for each thread, since making one costs more than most stanzas do. NULL: no memory.
 * Given back by expat_give_back(), which keeps it unless the text was so long that its memory should go. */
XML_Parser expat_take(void);
void expat_give_back(XML_Parser parser, size_t text_bytes);

/* Settings that XML_ParserReset() forgets. */
void expat_prepare(XML_Parser parser);

/* The error of ours for one of Expat's. */
int expat_error(enum XML_Error code);

/* Takes apart what Expat calls a name. Parts are absent where there are none. */
void expat_name(const char *triplet, struct str *ret_ns, struct str *ret_name, struct str *ret_prefix);

#endif
