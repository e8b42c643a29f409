/* SPDX-License-Identifier: Apache-2.0
 * What filters look at in a stanza's tree, and how a changed one is read. Pure. */
#ifndef TRUNK_FILTER_LOOK_H
#define TRUNK_FILTER_LOOK_H

#include "filter/filter.h"

#define NS_SEC_LABEL "urn:xmpp:sec-label:0"
#define NS_XHTML_IM "http://jabber.org/protocol/xhtml-im"

/* Each adds to `out` and returns 0, TRUNK_ENOMEM or TRUNK_ELIMIT. Where the view has labels on, the label's element is left out: its
 * content is checked, and its marking made anew, by others. */

/* All character data: of one element whole, in `between` the elements inside, and a line feed between the stanza's payloads. */
int look_text(const struct filter_view *view, const struct xml_node *stanza, struct str between, struct buf *out);
int look_node_text(const struct xml_node *node, struct str between, struct buf *out);

/* The values of all attributes of all payloads, each in its own line. */
int look_values(const struct filter_view *view, const struct xml_node *stanza, struct buf *out);
int look_node_values(const struct xml_node *node, struct buf *out);     /* its own, too */

/* The text of all children of that name in the stanza's own namespace, with line feeds between. `*ret_count`: how many there were. */
int look_children(const struct xml_node *stanza, const char *name, struct buf *out, unsigned *ret_count);

/* Whether `node` fits "namespace" or "{namespace}name". */
bool look_fits(const struct xml_node *node, struct str pattern);

/* Takes out the children that fit one of `remove`, and where `body` is not absent makes it the only body: others, in whatever
 * language, and bodies in XHTML (XEP-0071) go. Changes `stanza`. 0 or TRUNK_ENOMEM. */
int look_edit(struct arena *arena, struct xml_node *stanza, const struct str *remove, unsigned count, struct str body);

/* Text for an error: valid UTF-8 of characters that XML has, others as U+FFFD, cut between characters; NUL behind it. */
struct str text_for_xml(struct arena *arena, struct str text, size_t most_bytes);

/* Reads the stanza that takes the place of the view's, and writes it in canonical form. False: `why` says what is wrong with it. */
bool change_read(const struct filter_view *view, struct str text, struct arena *scratch, struct buf *out, char *why, size_t why_size);

#endif
