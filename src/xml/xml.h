/* SPDX-License-Identifier: Apache-2.0
 * One XML stream of RFC 6120 read piece by piece: its header, its first-level elements with their depth-1 facts, its end. Pure.
 *
 * The reader copies nothing: the caller keeps the bytes of the element that is being read in one run of memory and offers
 * them again, longer, when more came. Which parser stands behind it (our scanner or Expat) is chosen when trunkd is built;
 * both give the same events. */
#ifndef TRUNK_XML_XML_H
#define TRUNK_XML_XML_H

#include "base/base.h"

#define XML_NS_XML "http://www.w3.org/XML/1998/namespace"

enum {
	XML_CHILDREN_MAX = 32,          /* depth-1 children whose facts are kept; element.child_count counts all */
	XML_DECLS_MAX = 32,             /* namespace declarations on a stream header; more are TRUNK_EXML_LIMIT */
	XML_HEADER_BYTES_MAX = 8192,    /* of the root's start tag: what it declares is said again on stanzas */
	XML_DEPTH_MAX = 256,            /* limits above these two are lowered to them */
	XML_ATTRIBUTES_MAX = 256,
	XML_BINDINGS_MAX = 256,         /* declarations in force at once, the header's among them; more are TRUNK_EXML_LIMIT */
};

/* All three are limits of design.md §3. What would go over one is TRUNK_EXML_LIMIT as soon as that is sure, not at the
 * element's end: with the tag that is too deep, with the value of the attribute too many, and as soon as `element_bytes` are
 * there and none of them is the last. */
struct xml_limits {
	size_t element_bytes;           /* one first-level element, or the header; at most 1 GiB, and of the header
					 * at most XML_HEADER_BYTES_MAX */
	unsigned depth;                 /* elements inside each other; the first-level element has depth 1 */
	unsigned attributes;            /* of one element, namespace declarations included */
};

enum xml_event {
	XML_MORE = 1,                   /* nothing whole: call again with more bytes behind these */
	XML_HEADER,                     /* the start tag of the stream's root */
	XML_ELEMENT,                    /* a whole first-level element */
	XML_END,                        /* the end tag of the root: nothing may follow */
	XML_ERROR,                      /* reader->error says what; the reader is of no more use */
};

struct xml_attr {
	struct str prefix, ns, name;    /* prefix and ns absent for attributes without prefix */
	struct str value;               /* decoded */
};

struct xml_decl {
	struct str prefix;              /* empty for the default namespace */
	struct str uri;                 /* decoded; empty: undeclared (default namespace only) */
};

/* The root's start tag. Lives in the reader until xml_reader_reset() or the end of the reader. */
struct xml_header {
	struct str prefix, ns, name;    /* of the root element itself */
	const struct xml_attr *attrs;
	unsigned attr_count;
	const struct xml_decl *decls;
	unsigned decl_count;
};

struct xml_child {
	struct str ns, name;            /* ns borrowed from the reader, name from the input */
	size_t begin, end;              /* offsets in element.bytes: from '<' to behind the last '>' */
};

/* The depth-1 facts of one whole first-level element. Borrowed from the input and the reader: valid until either changes. */
struct xml_element {
	struct str bytes;               /* as it came, from '<' to the last '>' */
	struct str ns, name;            /* namespace and local name */
	/* Values of the attributes without prefix (lang: xml:lang) as they stand between the quotes: `raw`. Absent where the
	 * attribute is. xml_decode() gives the text where has_escapes. */
	struct str to, from, type, id, lang;
	bool has_escapes;               /* some of the five values has a '&' or white space that XML normalises */
	/* May be forwarded as it stands but for what xml_element_write() adds behind the name: see there. */
	bool is_canonical;
	size_t name_end;                /* offset in bytes behind the element's name */
	uint32_t header_prefixes;       /* bit i: uses prefix of header declaration i without declaring it itself */
	const struct xml_child *children;       /* the first XML_CHILDREN_MAX of them */
	unsigned child_count;           /* all of them */
};

struct xml_reader;

/* `limits` is copied; zero counts as one. NULL: no memory. */
struct xml_reader *xml_reader_new(const struct xml_limits *limits);
void xml_reader_free(struct xml_reader **reader);

/* Another size limit, from the next element on. */
void xml_reader_set_size(struct xml_reader *reader, size_t element_bytes);

/* Forgets the stream: the next bytes begin a new one (after TLS and SASL). */
void xml_reader_reset(struct xml_reader *reader);

/* Reads on in `input`, which begins where the last call's *ret_consumed ended and holds all bytes that came since, in one
 * run; after XML_MORE it begins with the same bytes as before, at least as many, maybe elsewhere in memory.
 *   ret_element   written for XML_ELEMENT
 *   ret_consumed  bytes that the caller may drop once it is done with the event; for XML_MORE only what stands before an
 *                 element that has begun (white space between elements)
 * Work is linear in the bytes, however they are cut. May allocate only where a stream declares more than it had room for. */
enum xml_event xml_reader_next(struct xml_reader *reader, struct str input, struct xml_element *ret_element,
			       size_t *ret_consumed);

/* Behind XML_ERROR: the error, and where it stands, in bytes since the stream began (about there, with Expat).
 *   TRUNK_EXML             not well-formed, by XML 1.0 or Namespaces in XML; invalid UTF-8; a declaration of XML 1.1
 *   TRUNK_EXML_RESTRICTED  comment, processing instruction, DTD, entity other than the five (RFC 6120 §11.1)
 *   TRUNK_EXML_ENCODING    UTF-16, UTF-32, or another encoding declared (RFC 6120 §11.6)
 *   TRUNK_EXML_PREFIX      of an element or attribute
 *   TRUNK_EXML_FORMAT      text or CDATA between first-level elements
 *   TRUNK_EXML_LIMIT, TRUNK_ENOMEM
 * Of two errors in one tag both backends tell the same: first what is amiss byte by byte, then its attributes in order. */
int xml_reader_error(const struct xml_reader *reader, uint64_t *ret_offset);

/* Behind XML_HEADER. */
const struct xml_header *xml_reader_header(const struct xml_reader *reader);

/* The bytes that a stanza is forwarded by, added to `out` (design.md §2, "What is forwarded"):
 *   - a canonical element: its own bytes, unchanged but for declarations of the header's prefixes that it uses, and the
 *     xml:lang of the header where it has none, both put behind its name;
 *   - any other: parsed and written anew by xml_tree_write(), with the same additions.
 * Canonical: in namespace `ns` of the header's default namespace, without prefix; no CDATA; no references but the five
 * predefined entities; no CR, and in attribute values no tab or line feed; all prefixes declared. Either quote and either
 * form of an empty element is canonical, since no two parsers disagree about them. Where the header's default namespace is
 * not jabber:server, every element is written anew, with the declaration that it needs under a header where it is.
 *   scratch   for the tree; cleared by the caller
 * Returns 0, TRUNK_ENOMEM, TRUNK_ELIMIT; then nothing was added to `out`. */
int xml_element_write(const struct xml_reader *reader, const struct xml_element *element, struct arena *scratch,
		      struct buf *out);

/* A value with its references resolved and white space normalised (XML 1.0 §3.3.3). Absent stays absent; where there is
 * nothing to decode, `raw` itself is returned. On no memory: absent. */
struct str xml_decode(struct arena *arena, struct str raw);

/* Adds `text` with the five predefined entities in place of their characters; fit for text and for either quote. Tab, line
 * feed and CR become character references, or a value would lose them; what XML has no way to say (control characters, bytes
 * that are no UTF-8) becomes U+FFFD, so that no text of ours can end a stream. Returns 0, TRUNK_ENOMEM or TRUNK_ELIMIT; then
 * nothing was added. */
int xml_escape(struct buf *out, struct str text);

/* ---- trees: for the elements that are looked into, never for what just passes ---- */

enum xml_kind { XML_NODE_ELEMENT = 1, XML_NODE_TEXT };

/* All strings live in the arena. */
struct xml_node {
	enum xml_kind kind;
	struct str text;                /* XML_NODE_TEXT: decoded */
	struct str prefix, ns, name;    /* XML_NODE_ELEMENT; prefix empty or absent: default namespace */
	struct xml_attr *attrs;
	unsigned attr_count;
	struct xml_decl *decls;         /* made on this element, as written */
	unsigned decl_count;
	struct xml_node *parent, *children, *next;
};

/* Parses one element by Expat: exactly one, with nothing but white space around it. `header` gives the declarations in force
 * around it (NULL: none; the default namespace is then jabber:server). Text that stands together is one node. Costs a parser
 * of its own, some microseconds. Returns 0, TRUNK_ENOMEM, or TRUNK_EXML… as xml_reader_error() does. */
int xml_tree_parse(struct arena *arena, struct str bytes, const struct xml_header *header, const struct xml_limits *limits,
		   struct xml_node **ret_node);

/* Writes `node` in canonical form: prefixes kept, single quotes, the five entities, `<x/>` for empty elements; what is
 * declared in `outer` (the header that it will stand under; NULL: xmlns='jabber:server' alone) is not declared again, and
 * what names need is declared where it is not. White space in values other than blanks, and CR in text, are written as
 * character references. Calls itself as deep as the tree is. Returns 0, TRUNK_ENOMEM, TRUNK_ELIMIT (of `out`, or over
 * XML_BINDINGS_MAX), or TRUNK_EINVAL for a tree that no parser could make; then nothing was added. */
int xml_tree_write(const struct xml_node *node, const struct xml_header *outer, struct buf *out);

/* Deep copy into another arena; NULL: no memory. */
struct xml_node *xml_tree_copy(struct arena *arena, const struct xml_node *node);

/* First child element with that namespace and name; either may be NULL for any. NULL: none. `node` may be NULL. */
struct xml_node *xml_node_child(const struct xml_node *node, const char *ns, const char *name);
struct xml_node *xml_node_next(const struct xml_node *sibling, const char *ns, const char *name);

/* Value of an attribute without prefix; absent where there is none. */
struct str xml_node_attr(const struct xml_node *node, const char *name);

/* The text directly inside `node`, in one piece; empty where there is none. */
struct str xml_node_text(struct arena *arena, const struct xml_node *node);

/* For making elements. NULL: no memory. `ns` NULL: the parent's (xml_node_new: no namespace); text and values are copied.
 * xml_node_set() replaces the value of an attribute that is there; `name` may be "xml:lang", the one prefix it can have. */
struct xml_node *xml_node_new(struct arena *arena, const char *ns, const char *name);
struct xml_node *xml_node_add(struct arena *arena, struct xml_node *parent, const char *ns, const char *name);
int xml_node_set(struct arena *arena, struct xml_node *node, const char *name, struct str value);
int xml_node_add_text(struct arena *arena, struct xml_node *node, struct str text);

#endif
