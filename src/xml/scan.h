/* SPDX-License-Identifier: Apache-2.0
 * Our own scanner: what its files share. Of this room, its tests and its bench only.
 *
 * An element is scanned once, byte after byte, by a machine that stops wherever the input stops. All it remembers are
 * offsets from the element's '<', for the caller may move the bytes between two calls. */
#ifndef TRUNK_XML_SCAN_H
#define TRUNK_XML_SCAN_H

#include "xml/reader_impl.h"
#include "xml/scan_loops.h"

/* What a step says. Below zero: the error. */
enum { SCAN_ON, SCAN_MORE, SCAN_DONE };

enum scan_state {
	SCAN_TEXT,                      /* between tags */
	SCAN_OPEN,                      /* behind '<' */
	SCAN_NAME,                      /* in a start tag's name */
	SCAN_GAP,                       /* behind a start tag's name or a value */
	SCAN_ATTR,                      /* in an attribute's name */
	SCAN_EQUALS,                    /* before '=' */
	SCAN_QUOTE,                     /* before a value */
	SCAN_VALUE,
	SCAN_REF,                       /* behind '&', in text or value */
	SCAN_SLASH,                     /* behind the '/' of an empty element */
	SCAN_CLOSE,                     /* in an end tag's name */
	SCAN_CLOSE_GAP,                 /* behind an end tag's name */
	SCAN_BANG,                      /* behind '<!' */
	SCAN_CDATA,
};

struct scan_name {
	uint32_t at, len;               /* the whole of it, as written */
	uint32_t local;                 /* offset of the part behind the colon; `at` where there is none */
};

struct scan_attr {
	struct scan_name name;
	uint32_t value, value_len;
	int error;                      /* of the first bad reference in the value; told when the tag is whole, as Expat does */
	bool is_escaped;                /* has '&', tab, LF or CR: to be decoded */
};

/* A run of bytes in scan->pool. */
struct scan_run {
	uint32_t at, len;
};

/* A namespace declaration in force. */
struct scan_binding {
	struct scan_run prefix, uri;    /* the URI decoded */
	uint32_t key;                   /* of the prefix, for a quick no */
	int id;                         /* the oldest binding in force with the same URI; SCAN_UNBOUND: not looked up yet */
};

enum { SCAN_UNBOUND = -1, SCAN_BINDING_XML = -2 };

struct scan_open {
	uint32_t name, name_len;        /* as written, for the end tag */
	uint16_t bindings;              /* how many were in force around it */
	int16_t default_ns;             /* binding in force around it, or SCAN_UNBOUND */
};

struct scan_child {
	struct scan_run ns;
	uint32_t name, name_len, begin, end;
};

enum scan_phase {
	SCAN_AT_START,                  /* nothing came yet: a byte order mark or a declaration may */
	SCAN_AT_DECL,                   /* behind the byte order mark */
	SCAN_AT_HEADER,
	SCAN_IN_STREAM,
	SCAN_AT_END,
};

/* Invariants: binding_count >= header_bindings once the header is read; open[0..depth) is filled; pool[0..pool_header)
 * holds the header's declarations, and before them the namespace of `xml`. */
struct scan {
	struct xml_reader base;
	const struct scan_loops *loops;
	enum scan_phase phase;
	bool is_empty_root;             /* the header was an empty element: the end follows without a byte */

	/* the element being read; all offsets are from its '<' */
	bool is_begun;
	enum scan_state state;
	size_t pos;
	unsigned depth;                 /* open elements, the root not counted */
	bool is_canonical;
	uint32_t header_prefixes;

	/* the tag being read */
	size_t mark;                    /* where the current name, reference, value or CDATA content begins */
	size_t colon;                   /* in the current name; 0: none */
	size_t begin;                   /* the tag's '<' */
	bool has_gap, is_empty;
	unsigned char quote;            /* around the value; 0: the reference stands in text */
	struct scan_name name;
	struct scan_attr *attrs;        /* grows up to limits.attributes */
	unsigned attr_count, attr_cap;

	struct scan_open *open;         /* grows up to limits.depth */
	unsigned open_cap;
	struct scan_binding *bindings;
	unsigned binding_count, binding_cap, header_bindings;
	int default_ns, header_default;

	char *pool;
	uint32_t pool_len, pool_cap, pool_header;
	struct str root;                /* the root's name as written */

	/* facts */
	struct scan_name top;           /* the first-level element's name */
	struct scan_run top_ns;
	struct scan_value {
		uint32_t at, len;       /* at 0: absent */
		bool is_escaped;
	} values[5];                    /* to, from, type, id, xml:lang */
	unsigned child_count;
	unsigned child_cap;             /* of both; grows up to XML_CHILDREN_MAX */
	struct scan_child *kids;
	struct xml_child *children;     /* handed out */
};

/* The machine: goes on in at[0..len) until the element is whole or the bytes end (scan_machine.c). */
int scan_run(struct scan *scan, const unsigned char *at, size_t len);

/* Room for one more attribute; nothing where limits.attributes are there already, which the machine refuses (scan.c). */
int scan_attrs_reserve(struct scan *scan);
int scan_open_reserve(struct scan *scan);      /* the same for an element … */
int scan_children_reserve(struct scan *scan);  /* … and for a child's facts */

/* Reads on in a qualified name that began at `mark`. SCAN_DONE: it ended before at[pos] (scan_machine.c). */
int scan_name_on(struct scan *scan, const unsigned char *at, size_t len);

/* Reads on in the reference whose `&` stands at `mark`; behind it the machine is in text or value again (scan_ref.c). */
int scan_ref(struct scan *scan, const unsigned char *at, size_t len);

/* A start tag is lexically whole, up to and including its '>' (scan_tag.c). Opens the element; the caller closes it where it
 * is empty. */
int scan_tag(struct scan *scan, const unsigned char *at);

/* The same for the header, whose own namespace is `ns`: fills base.header (scan_header.c). */
int scan_header(struct scan *scan, const unsigned char *at, int ns);

/* The innermost element ends at `end`. SCAN_DONE where that was the first-level element. */
int scan_close(struct scan *scan, size_t end);

/* Byte order mark and XML declaration (scan_prolog.c). SCAN_ON: phase is SCAN_AT_HEADER, and *ret_consumed bytes are done
 * with; so they are for SCAN_MORE. */
int scan_prolog(struct scan *scan, struct str input, size_t *ret_consumed);

/* Is an attribute's name `xmlns` or `xmlns:…`? */
bool scan_is_decl(const unsigned char *at, const struct scan_name *name);

/* Namespaces (scan_ns.c). */
int scan_ns_init(struct scan *scan);
void scan_ns_begin(struct scan *scan);          /* a new element: what the header declared, and no more */
int scan_bind(struct scan *scan, const unsigned char *at, const struct scan_attr *attr);
int scan_resolve(struct scan *scan, struct str prefix);         /* a binding, SCAN_BINDING_XML or SCAN_UNBOUND */
struct str scan_uri(const struct scan *scan, int binding);
struct scan_run scan_uri_noted(const struct scan *scan, int binding);   /* the same, to outlive the binding */
int scan_uri_id(struct scan *scan, int binding);        /* equal where the URIs are */
struct str scan_pooled(const struct scan *scan, struct scan_run run);
int scan_pool_add(struct scan *scan, struct str raw, bool is_escaped, struct scan_run *ret_run);

static inline struct str scan_str(const unsigned char *at, size_t offset, size_t len)
{
	return str_make((const char *)at + offset, len);
}

#endif
